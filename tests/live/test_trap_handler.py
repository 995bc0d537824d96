"""A tracer that is killed does not take with it a process that runs into its breakpoints; and what keeps that from
happening, a handler of SIGTRAP, changes nothing else."""

import os
import signal
import unittest

import harness
from harness import LiveTest, Proc, changed_code, wait_until

AS_ROOT = unittest.skipUnless(os.geteuid() == 0, "whoever is not root may not suspend a seccomp filter")
WITHOUT_ADMIN = ["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-sys_admin"]
CALLS = {"read": 0, "poll": 7, "pause": 34, "clock_nanosleep": 230, "epoll_wait": 232}
RESTART_SYSCALL = 219
TRAP = 1 << (signal.SIGTRAP - 1)


def handles_trap(pid):
    return bool(int(Proc.status(pid, "SigCgt") or "0", 16) & TRAP)


class TrapHandler(LiveTest):
    rounds = int(os.environ.get("SONDE_TEST_ROUNDS", "12"))

    def watch(self, target, *options, **more):
        sonde = self.sonde("attach", "--events", "heap", *options, str(target.pid), **more)
        wait_until(lambda: changed_code(target.pid), "there are breakpoints in the target")
        return sonde

    def do(self, target, letters, *answers):
        target.say(letters)
        for answer in answers:
            target.expect(answer)
        target.expect("done")

    def leaves_no_trace(self, target):
        wait_until(lambda: not any(Proc.tracer(tid) for tid in Proc.tasks(target.pid)), "nobody traces the target")
        self.assert_untouched(target.pid)
        self.assertEqual(changed_code(target.pid), [])

    def watched(self, *options, letters="a", before="", **more):
        target = self.target("trap_disposition")
        target.ready()
        self.do(target, before)
        sonde = self.watch(target, *options, **more)
        self.do(target, letters)
        return target, sonde

    def test_it_is_there_while_there_are_breakpoints(self):
        target, sonde = self.watched()
        self.assertTrue(handles_trap(target.pid))
        self.do(target, "d", "another")
        sonde.interrupt()
        self.leaves_no_trace(target)
        self.do(target, "dad", "default", "default")

    def test_a_call_in_which_a_task_waits_goes_on(self):
        # One is asked for another call in the middle of it, when sonde comes and when it leaves.
        target = self.target("restarts")
        target.ready()
        for number, ends, answer in (("read", target.say, "read went on"),
                                     ("clock_nanosleep", lambda: target.kill(signal.SIGUSR2), "nanosleep EINTR"),
                                     ("pause", lambda: target.kill(signal.SIGUSR2), "pause EINTR"),
                                     ("poll", target.say, "poll 1"),
                                     ("epoll_wait", target.say, "epoll_wait 1")):
            def waits():
                return Proc.state(target.pid) == "S" and Proc.syscall(target.pid) in (CALLS[number], RESTART_SYSCALL)
            wait_until(waits, f"it waits in {number}")
            sonde = self.watch(target)
            wait_until(lambda: handles_trap(target.pid), "it has the handler")
            wait_until(waits, f"it waits in {number} again")
            sonde.interrupt()
            self.leaves_no_trace(target)
            wait_until(waits, f"it waits in {number} when it was left")
            ends()
            target.expect(answer)
        self.assertEqual(target.finish()[0], 0)

    def test_no_one_else_s_is_replaced(self):
        target, sonde = self.watched(letters="haa")
        self.do(target, "d", "its own")
        sonde.interrupt()
        self.leaves_no_trace(target)
        self.do(target, "d", "its own")

    def test_a_trap_that_was_ignored_is_ignored_again(self):
        # The kernel does not let anybody ignore a breakpoint.
        for leave in (lambda sonde: sonde.interrupt(), lambda sonde: os.kill(sonde.tracer(), signal.SIGKILL)):
            target = self.target("trap_disposition")
            target.ready()
            self.do(target, "i")
            sonde = self.watch(target)
            self.do(target, "ada", "another")
            leave(sonde)
            sonde.status()
            self.leaves_no_trace(target)
            self.do(target, "dt", "ignored")

    def test_one_that_comes_later_stays(self):
        target, sonde = self.watched(letters="ah")
        self.do(target, "d", "its own")
        self.do(target, "t", "trapped")
        sonde.interrupt()
        self.leaves_no_trace(target)
        self.do(target, "dt", "its own", "trapped")

    @AS_ROOT
    def test_under_a_filter_of_the_program_s(self):
        # It would end the program for the call that sets a handler.
        target, sonde = self.watched(letters="a", before="s")
        self.do(target, "d", "another")
        sonde.interrupt()
        self.leaves_no_trace(target)
        self.do(target, "d", "default")

    @AS_ROOT
    def test_a_filter_that_comes_later(self):
        for leave in (lambda sonde: sonde.interrupt(), lambda sonde: os.kill(sonde.tracer(), signal.SIGKILL)):
            target, sonde = self.watched(letters="as")
            leave(sonde)
            sonde.status()
            self.leaves_no_trace(target)
            self.do(target, "da", "default")

    @AS_ROOT
    def test_a_filter_that_sonde_may_not_suspend(self):
        target, sonde = self.watched(letters="a", before="s", prefix=WITHOUT_ADMIN)
        self.do(target, "d", "default")
        sonde.kill(signal.SIGINT)
        self.assertEqual(sonde.status(), 0)
        self.leaves_no_trace(target)

        target, sonde = self.watched(letters="as", prefix=WITHOUT_ADMIN)
        sonde.kill(signal.SIGINT)
        self.assertEqual(sonde.status(), 0)
        self.assertIn("handler of SIGTRAP that sonde has given this process stays", sonde.errors())
        self.assert_untouched(target.pid)
        self.do(target, "da", "another")

    def test_children(self):
        target, sonde = self.watched()
        self.do(target, "f", "another")
        self.do(target, "v", "another")
        sonde.interrupt()
        self.leaves_no_trace(target)
        self.do(target, "fv", "default", "default")

    def test_children_that_are_not_followed(self):
        target, sonde = self.watched("--no-follow")
        self.do(target, "f", "default")
        self.do(target, "v", "default")
        self.do(target, "d", "another")
        sonde.interrupt()
        self.leaves_no_trace(target)

    def test_a_trap_of_the_program_s_own_ends_it(self):
        for letter in "tx":
            with self.subTest(letter):
                target, _ = self.watched()
                target.say(letter)
                self.assertEqual(target.status(), -signal.SIGTRAP)

    def test_system_calls_as_well(self):
        # The target stands at a system call, or between two stops of one, when it is left.
        for _ in range(self.rounds):
            target, sonde = self.watched("--events", "heap,syscalls")
            self.do(target, "d", "another")
            sonde.interrupt()
            self.leaves_no_trace(target)
            self.do(target, "d", "default")
            target.close()

    def test_death_of_the_tracer(self):
        target, sonde = self.watched()
        os.kill(sonde.tracer(), signal.SIGKILL)
        self.assertEqual(sonde.status(), 125)
        self.leaves_no_trace(target)
        self.do(target, "dad", "default", "default")

    def busy(self, threads, **more):
        target = self.churning(threads)
        sonde = self.watch(target, "-o", "/dev/null", trace=False, **more)
        wait_until(lambda: handles_trap(target.pid), "the target has the handler")
        return target, sonde

    def test_death_of_the_group(self):
        # As a shell's "kill -9 %1" sends it.
        for _ in range(self.rounds):
            target, sonde = self.busy(4, process_group=0)
            os.killpg(sonde.pid, signal.SIGKILL)
            sonde.status()
            self.leaves_no_trace(target)
            self.assertFalse(handles_trap(target.pid))
            target.say()
            self.assertEqual(target.finish()[0], 0)

    def test_death_of_the_tracer_of_a_busy_process(self):
        for threads in (1, 4, 32):
            for _ in range(max(1, self.rounds // 3)):
                target, sonde = self.busy(threads)
                os.kill(sonde.tracer(), signal.SIGKILL)
                self.assertEqual(sonde.status(), 125)
                self.leaves_no_trace(target)
                self.assertFalse(handles_trap(target.pid))
                target.say()
                self.assertEqual(target.finish()[0], 0)


if __name__ == "__main__":
    harness.main()

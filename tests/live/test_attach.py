"""Attaching to running processes, and leaving them as if nobody had been there."""

import os
import re
import signal
import unittest

import harness
from harness import LiveTest, Proc, Program, SONDE, TARGETS, marks, wait_until

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Attach(LiveTest):
    def test_trace_of_an_idle_process(self):
        target = self.target("idle", 5)
        pid = target.ready()
        sonde = self.attached(target)
        target.say()
        self.assertEqual(target.finish(), (5, ["heard"]))
        self.assertEqual(sonde.status(), 0)
        self.assertEqual(marks(sonde.trace()), [(pid, 1)])
        self.assertIn("+++ exited with 5 +++", sonde.trace())

    def test_busy_threads_run_on(self):
        target = self.target("busy_threads", 8, 3)
        pid = target.ready()
        for number in SIGNALS:
            sonde = self.sonde("attach", str(pid))
            wait_until(lambda: Proc.all_traced(pid), "all threads are traced")
            sonde.wait_trace(r"getppid\(\)")
            sonde.kill(number)
            self.assertEqual(sonde.status(), 0 if number == signal.SIGINT else -number)
            self.assert_untouched(pid)
            self.assertEqual(len(Proc.tasks(pid)), 9)
            target.say()
            target.expect("all ran")
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))

    def test_detach_the_moment_it_begins(self):
        # Ctrl-C at any point of the start: nothing may stay traced or stopped.
        target = self.target("busy_threads", 4, 20)
        pid = target.ready()
        for _ in range(20):
            sonde = self.sonde("attach", str(pid))
            wait_until(lambda: Proc.tracer(pid) or sonde.popen.poll() is not None, "it is attached")
            sonde.kill(signal.SIGINT)
            self.assertEqual(sonde.status(), 0, sonde.errors())
            self.assert_untouched(pid)
            target.say()
            target.expect("all ran")
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))

    def test_threads_created_while_attaching(self):
        target = self.target("thread_storm")
        pid = target.ready()
        for _ in range(3):
            sonde = self.sonde("attach", str(pid))
            sonde.wait_trace(r"clone3?\(")
            sonde.kill(signal.SIGINT)
            self.assertEqual(sonde.status(), 0, sonde.errors())
            self.assert_untouched(pid)
        sonde = self.attached(target)
        wait_until(lambda: Proc.tracer(pid), "it is traced")
        target.say()
        status, lines = target.finish()
        self.assertEqual(status, 0)
        made = int(re.fullmatch(r"done (\d+)", lines[-1]).group(1))
        self.assertEqual(sonde.status(), 0)
        self.assertEqual(len(marks(sonde.trace(), 1)), made)

    def test_only_by_seizing(self):
        # No PTRACE_ATTACH, which would send SIGSTOP, and no other signal to the program.
        target = self.target("busy_threads", 4, 1)
        pid = target.ready()
        log = self.folder / "strace"
        strace = Program(self, ["strace", "-f", "-o", log, "-e", "trace=ptrace,kill,tkill,tgkill,rt_sigqueueinfo,"
                                "rt_tgsigqueueinfo,pidfd_send_signal", SONDE, "attach", "-o", self.folder / "trace", pid])
        wait_until(lambda: (self.folder / "trace").exists() and "getppid()" in (self.folder / "trace").read_text(),
                   "it is traced")
        os.kill(Proc.children(strace.pid)[0], signal.SIGINT)
        self.assertEqual(strace.status(), 0, strace.errors())
        self.assert_untouched(pid)
        target.say()
        target.expect("all ran")
        calls = log.read_text()
        self.assertEqual(len(re.findall(r"PTRACE_SEIZE, \d+.* = 0$", calls, re.MULTILINE)), 5)
        self.assertEqual(len(re.findall("PTRACE_DETACH", calls)), 5)
        self.assertNotRegex(calls, r"PTRACE_ATTACH|PTRACE_TRACEME|PTRACE_KILL|kill\(|sigqueueinfo|pidfd_send")

    def test_many_processes_at_once(self):
        targets = [self.target("idle", i) for i in range(30)]
        pids = [target.ready() for target in targets]
        sonde = self.sonde("attach", ",".join(map(str, pids[:10])), "-p", str(pids[10]), *map(str, pids[11:]))
        for pid in pids:
            sonde.wait_trace(rf"^{pid} +read\(0")
        for i, target in enumerate(targets):
            target.say()
            self.assertEqual(target.finish(), (i, ["heard"]))
        self.assertEqual(sonde.status(), 0)
        self.assertEqual(sorted(marks(sonde.trace(), 1)), sorted(pids))

    def test_one_process_named_twice(self):
        target = self.target("idle")
        pid = target.ready()
        sonde = self.sonde("attach", str(pid), str(pid))
        sonde.wait_trace(r"read\(0")
        target.say()
        target.finish()
        self.assertEqual(sonde.status(), 0, sonde.errors())
        self.assertEqual(marks(sonde.trace()), [(pid, 1)])

    def test_by_a_threads_id(self):
        target = self.target("busy_threads", 2, 0)
        pid = target.ready()
        sonde = self.sonde("attach", str(Proc.tasks(pid)[1]))
        wait_until(lambda: Proc.all_traced(pid), "the whole process is traced")
        sonde.interrupt()
        self.assert_untouched(pid)
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))

    def test_leader_gone_threads_alive(self):
        target = self.target("leaderless")
        pid = target.ready()
        wait_until(lambda: Proc.state(pid) == "Z", "the leader has ended")
        sonde = self.attached(target)
        target.say()
        self.assertEqual(target.finish(), (8, ["done"]))
        self.assertEqual(sonde.status(), 0, sonde.errors())
        self.assertEqual(len(marks(sonde.trace(), 1)), 1)

    def blocked(self, program="blocked"):
        target = self.target(program)
        pid = target.ready()
        wait_until(lambda: all(Proc.state(tid) == "S" for tid in Proc.tasks(pid)), "all threads sleep")
        return target, pid

    def all_traced(self, sonde):
        """Every sleeping call was seen, so every thread has stopped once and gone on."""
        for call in ("epoll_wait", "epoll_pwait", "select|pselect6", "futex", r"recv|SYS_RECV", "accept|SYS_ACCEPT",
                     "semop|semtimedop", "msgrcv", "rt_sigtimedwait", r"read\(0"):
            sonde.wait_trace(rf"({call})")

    def test_sleeping_calls_see_nothing(self):
        self.check_sleeping_calls("blocked")

    @unittest.skipUnless((TARGETS / "blocked_compat").exists(), "the compiler makes no 32-bit programs")
    def test_sleeping_calls_of_a_32_bit_program_see_nothing(self):
        self.check_sleeping_calls("blocked_compat")

    def check_sleeping_calls(self, program):
        target, pid = self.blocked(program)
        tasks = len(Proc.tasks(pid))
        for _ in range(3):
            sonde = self.sonde("attach", str(pid))
            self.all_traced(sonde)
            sonde.interrupt()
            self.assert_untouched(pid)
        wait_until(lambda: all(Proc.state(tid) == "S" for tid in Proc.tasks(pid)), "all sleep again")
        self.assertGreaterEqual(len(Proc.tasks(pid)), tasks - 1)  # The one that sleeps for a second may have ended.
        target.say()
        status, lines = target.finish()
        self.assertEqual(status, 0)
        self.assertEqual([line for line in lines if not line.endswith(" ok")], ["done"])
        self.assertEqual(len(lines), tasks)

    def test_sleeping_calls_and_a_killed_tracer(self):
        # In the instant between our interrupt of a call and its repair a killed tracer leaves an EINTR behind: nobody
        # can help that, and the test does not kill it there.
        target, pid = self.blocked()
        sonde = self.sonde("attach", str(pid))
        self.all_traced(sonde)
        os.kill(sonde.tracer(), signal.SIGKILL)
        sonde.status()
        self.assert_untouched(pid)
        wait_until(lambda: all(Proc.state(tid) == "S" for tid in Proc.tasks(pid)), "all sleep again")
        target.say()
        status, lines = target.finish()
        self.assertEqual((status, [line for line in lines if not line.endswith(" ok")]), (0, ["done"]))

    def test_ignored_signals_interrupt_nothing(self):
        for number in (signal.SIGUSR1, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG):
            target = self.target("ignored_signals")
            pid = target.ready()
            wait_until(lambda: Proc.state(pid) == "S", "it sleeps")
            sonde = self.sonde("attach", str(pid))
            sonde.wait_trace("epoll_wait")
            os.kill(pid, number)
            sonde.wait_trace(f"--- {number.name} ")
            wait_until(lambda: Proc.state(pid) == "S", "it sleeps again")
            target.say()
            self.assertEqual(target.finish(), (0, ["epoll_wait ok"]), number)
            self.assertEqual(sonde.status(), 0)

    def test_parent_in_vfork(self):
        target = self.target("vfork_wait")
        pid = target.ready()
        target.say()
        target.expect("in the child")
        sonde = self.sonde("attach", str(pid))
        wait_until(lambda: Proc.tracer(pid), "it is traced")
        sonde.interrupt()
        self.assert_untouched(pid)
        target.say()
        self.assertEqual(target.finish(), (0, ["child ended with 3"]))

    def test_vfork_while_traced(self):
        target = self.target("vfork_wait")
        pid = target.ready()
        sonde = self.attached(target)
        target.say()
        target.expect("in the child")
        sonde.interrupt()
        self.assert_untouched(pid)
        target.say()
        self.assertEqual(target.finish(), (0, ["child ended with 3"]))

    def test_target_killed_at_any_moment(self):
        for _ in range(10):
            target = self.target("busy_threads", 4)
            pid = target.ready()
            sonde = self.sonde("attach", str(pid))
            wait_until(lambda: Proc.tracer(pid), "it is traced")
            os.kill(pid, signal.SIGKILL)
            self.assertEqual(target.status(), -signal.SIGKILL)
            self.assertEqual(sonde.status(), 0, sonde.errors())

    def test_traced_target_killed(self):
        target = self.target("busy_threads", 4)
        pid = target.ready()
        sonde = self.sonde("attach", str(pid))
        sonde.wait_trace(r"getppid\(\)")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(target.status(), -signal.SIGKILL)
        self.assertEqual(sonde.status(), 0, sonde.errors())
        self.assertRegex(sonde.trace(), rf"{pid} +\+\+\+ killed by SIGKILL \+\+\+")


if __name__ == "__main__":
    harness.main()

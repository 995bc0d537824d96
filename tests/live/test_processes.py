"""Every way to make a task, to replace a program, and to end."""

import os
import re
import unittest

import harness
from harness import LiveTest, Proc, marks, wait_until


class Processes(LiveTest):
    def traced(self, *command, options=()):
        """Runs a target under sonde to its end: its status, its lines, the trace."""
        sonde = self.sonde("run", *options, "--", *command)
        sonde.say()
        status, lines = sonde.finish()
        return status, lines, sonde.trace()

    def test_every_way_to_make_a_task(self):
        status, lines, trace = self.traced(harness.TARGETS / "children")
        self.assertEqual(status, 0, lines)
        self.assertEqual(lines.pop(), "done")
        self.check_children(lines, trace)

    def test_every_way_to_make_a_task_filtered_in_the_kernel(self):
        # Under the filter a child without a tracer could not make a single call of those that are traced.
        status, lines, trace = self.traced(harness.TARGETS / "children", options=["-e", "trace=close"])
        self.assertEqual(status, 0, lines)
        self.assertEqual(lines.pop(), "done")
        self.check_children(lines, trace)

    def test_every_way_to_make_a_task_attached(self):
        target = self.target("children")
        target.ready()
        sonde = self.attached(target)
        target.say()
        status, lines = target.finish()
        self.assertEqual((status, sonde.status()), (0, 0))
        self.assertEqual(lines.pop(), "done")
        self.check_children(lines, sonde.trace())

    def check_children(self, lines, trace):
        made = [re.fullmatch(r"(\w+) (\d+) (\d+)", line) for line in lines if not line.startswith("ready")]
        expected = sorted((int(match[2]), int(match[3])) for match in made)
        self.assertEqual(len(expected), 10)
        self.assertEqual(sorted(marks(trace)), expected)
        for tid, _ in expected:
            self.assertRegex(trace, rf"(?m)^{tid} +\+\+\+ exited with 0 \+\+\+$")

    def test_no_follow(self):
        status, lines, trace = self.traced(harness.TARGETS / "children", options=["--no-follow"])
        self.assertEqual(status, 0, lines)
        self.assertEqual(lines.pop(), "done")
        found = re.findall(r"close\(90(\d\d)", trace)
        self.assertEqual(found, ["01"])  # The thread, and no process.

    def test_no_follow_attached(self):
        target = self.target("children")
        target.ready()
        sonde = self.attached(target, "--no-follow")
        target.say()
        status, lines = target.finish()
        self.assertEqual((status, lines[-1]), (0, "done"))
        self.assertEqual(sonde.status(), 0)
        self.assertEqual(re.findall(r"close\(90(\d\d)", sonde.trace()), ["01"])

    def test_parent_that_exits_first(self):
        sonde = self.sonde("run", "--", harness.TARGETS / "daemonise")
        grandchild = int(sonde.expect(re.compile(r"grandchild (\d+)")).group(1))
        self.assertTrue(Proc.tracer(grandchild))
        sonde.say()
        status, lines = sonde.finish()
        self.assertEqual((status, lines), (3, ["grandchild ends"]))
        self.assertEqual(marks(sonde.trace(), 1), [grandchild])
        self.assertEqual(marks(sonde.trace(), 2), [grandchild])
        self.assertEqual(len(marks(sonde.trace())), 4)

    def test_detach_from_what_outlived_its_parents(self):
        sonde = self.sonde("run", "--", harness.TARGETS / "daemonise")
        grandchild = int(sonde.expect(re.compile(r"grandchild (\d+)")).group(1))
        sonde.kill(harness.signal.SIGTERM)
        self.assertEqual(sonde.status(), -harness.signal.SIGTERM)
        self.assert_untouched(grandchild)
        sonde.say()
        self.assertEqual(sonde.rest(), ["grandchild ends"])

    def test_exec_from_a_thread(self):
        status, lines, trace = self.traced(harness.TARGETS / "exec_thread", 3)
        self.assertEqual((status, lines[-1]), (5, "done"), lines)
        execs = [int(line.split()[-1]) for line in lines if line.startswith("exec from")]
        self.assertEqual(len(execs), 3)
        pid = marks(trace, 0)[0]
        self.assertEqual([tid for tid, _ in marks(trace)], [pid] * 4)
        # The call began in one task and ended in another.
        for tid in execs:
            self.assertRegex(trace, rf"(?m)^{pid} +\+\+\+ superseded by execve in pid {tid} \+\+\+$")
        self.assertEqual(len(re.findall(rf"(?m)^{pid} +<\.\.\. execve resumed>.*= 0$", trace)), 3)
        self.assertNotIn("unfinished ...>)", trace.splitlines()[-1])

    def test_exec_from_a_thread_attached(self):
        for _ in range(3):
            target = self.target("exec_thread", 20)
            sonde = self.sonde("attach", str(target.pid))
            status, lines = target.finish()
            self.assertEqual((status, lines[-1]), (5, "done"))
            sonde.status()  # It may have come too late; then it says so.

    def test_exec_from_a_thread_filtered_in_the_kernel(self):
        status, lines, trace = self.traced(harness.TARGETS / "exec_thread", 3, options=["-e", "trace=close"])
        self.assertEqual((status, lines[-1]), (5, "done"), lines)
        self.assertEqual([number for _, number in marks(trace)], [3, 2, 1, 0])
        self.assertEqual(len({tid for tid, _ in marks(trace)}), 1)

    def test_exec_after_the_leader_has_ended(self):
        target = self.target("leaderless", "exec")
        pid = target.ready()
        wait_until(lambda: Proc.state(pid) == "Z", "the leader has ended")
        sonde = self.attached(target)
        target.say()
        target.expect(f"executed {pid}")
        target.say()
        self.assertEqual(target.finish(), (8, ["done"]))
        self.assertEqual(sonde.status(), 0, sonde.errors())
        self.assertEqual([tid for tid, _ in marks(sonde.trace())], [pid])
        self.assertRegex(sonde.trace(), rf"(?m)^{pid} +\+\+\+ superseded by execve in pid \d+ \+\+\+$")
        self.assertEqual(sonde.errors().count("attached"), 1, sonde.errors())

    def test_exec_storm_detached_in_the_middle(self):
        target = self.target("exec_thread", -1)
        sonde = self.sonde("attach", str(target.pid))
        sonde.wait_trace("superseded")
        sonde.interrupt()
        self.assert_untouched(target.pid)
        target.say()
        status, lines = target.finish()
        self.assertEqual((status, lines[-1]), (5, "done"))

    def test_detach_on_exec(self):
        script = "echo one; /bin/echo two; /bin/echo three"
        status, lines, trace = self.traced("sh", "-c", script, options=["-b", "execve"])
        self.assertEqual((status, lines), (0, ["one", "two", "three"]))
        # The shell itself is traced to its end; what it executes is let go by its exec.
        self.assertIn('write(1, "one', trace)
        self.assertNotIn('"two', re.sub(r"execve\(.*", "", trace))
        self.assertRegex(trace, r"\+\+\+ exited with 0 \+\+\+")

    @unittest.skipUnless((harness.TARGETS / "compat").exists(), "no 32-bit programs here")
    def test_detach_on_a_call_of_a_32_bit_program(self):
        sonde = self.sonde("run", "-b", "clone", "--", harness.TARGETS / "compat")
        sonde.ready()
        sonde.say()
        self.assertEqual(sonde.finish()[0], 0, sonde.errors())
        self.assertIn(" clone(", sonde.trace())
        self.assertNotIn(" clone3(", sonde.trace())

    def test_many_children(self):
        status, lines, trace = self.traced(harness.TARGETS / "many_children", 500)
        self.assertEqual((status, lines), (7, ["done 500"]))
        self.assertEqual(len(set(marks(trace, 1))), 500)
        self.assertEqual(len(re.findall(r"\+\+\+ exited with \d+ \+\+\+", trace)), 501)

    def test_thousand_threads(self):
        sonde = self.sonde("run", "--", harness.TARGETS / "many_threads", 1000)
        sonde.ready()
        sonde.say()
        status, lines = sonde.finish()
        self.assertEqual((status, lines), (0, ["done 1000"]))
        self.assertEqual(len(set(marks(sonde.trace(), 1))), 1000)
        self.assertEqual(set(marks(sonde.trace(), 1)), set(marks(sonde.trace(), 2)))

    def test_thousand_threads_attached(self):
        target = self.target("many_threads", 1000)
        pid = target.ready()
        for _ in range(2):
            sonde = self.attached(target)
            wait_until(lambda: Proc.all_traced(pid), "all are traced")
            sonde.interrupt()
            self.assert_untouched(pid)
        sonde = self.attached(target)
        target.say()
        self.assertEqual(target.finish(), (0, ["done 1000"]))
        self.assertEqual(sonde.status(), 0)
        self.assertEqual(len(set(marks(sonde.trace(), 2))), 1000)

    def test_a_noisy_task_starves_nobody(self):
        target = self.target("fair", 3)
        target.ready()
        sonde = self.attached(target)
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))
        self.assertEqual(sonde.status(), 0)
        noise = len(re.findall(r"getppid\(", sonde.trace()))
        self.assertEqual(len(marks(sonde.trace(), 1)), 1000)
        # Three who make noise against one: their share may be more than fair, but not without bound.
        self.assertLess(noise, 1000 * 3 * 50)


class ExecWhileAttaching(LiveTest):
    """A thread executes a program while sonde is half-way through its process's threads: each waits for the other to be
    done with a lock of the kernel's, or to reap."""

    rounds = int(os.environ.get("SONDE_TEST_ROUNDS", "5"))

    def test_exec_meets_attach(self):
        for _ in range(self.rounds):
            target = self.target("exec_when_traced", 200)
            pid = target.ready()
            sonde = self.sonde("attach", str(pid))
            target.expect(f"executed {pid}")
            sonde.wait_trace(r"read\(0")
            target.say()
            self.assertEqual(target.finish(), (5, ["done"]))
            self.assertEqual(sonde.status(), 0, sonde.errors())
            self.assertEqual(marks(sonde.trace()), [(pid, 1)])
            self.assertIn("+++ exited with 5 +++", sonde.trace())


if __name__ == "__main__":
    harness.main()

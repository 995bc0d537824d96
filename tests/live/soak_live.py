"""The live tests' big counts."""

import os
import re
import signal
import unittest

SCALE = float(os.environ.get("SONDE_SOAK_SCALE", "1"))


def count(number):
    return max(1, round(number * SCALE))


os.environ.setdefault("SONDE_TEST_ROUNDS", str(count(150)))
import harness
from harness import LiveTest, Proc, TARGETS, marks, wait_until
from test_processes import ExecWhileAttaching
from test_survival import Killed


class Counts(LiveTest):
    def test_ten_thousand_children(self):
        n = count(10000)
        sonde = self.sonde("run", "--", TARGETS / "many_children", str(n))
        self.assertEqual(sonde.finish(), (7, [f"done {n}"]))
        self.assertEqual(len(marks(sonde.trace(), 1)), n)
        self.assertEqual(len(re.findall(r"\+\+\+ exited with \d+ \+\+\+", sonde.trace())), n + 1)

    def test_a_thousand_attachments(self):
        rounds = count(1000)
        target = self.target("busy_threads", 16, rounds)
        pid = target.ready()
        for _ in range(rounds):
            sonde = self.sonde("attach", str(pid))
            wait_until(lambda: Proc.tracer(pid) or sonde.popen.poll() is not None, "it is attached")
            sonde.interrupt()
            self.assert_untouched(pid)
            target.say()
            target.expect("all ran")
            self.programs.remove(sonde)
            sonde.close()

    def test_a_thousand_execs_from_threads(self):
        n = count(1000)
        sonde = self.sonde("run", "--", TARGETS / "exec_thread", str(n))
        status, lines = sonde.finish()
        self.assertEqual((status, lines[-1]), (5, "done"))
        self.assertEqual(len(re.findall(r"\+\+\+ superseded by execve", sonde.trace())), n)


if __name__ == "__main__":
    harness.main()

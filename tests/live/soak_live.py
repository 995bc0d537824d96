"""The live tests' big counts."""

import os
import re
import signal
import unittest

os.environ.setdefault("SONDE_TEST_ROUNDS", "150")
import harness
from harness import LiveTest, Proc, TARGETS, marks, wait_until
from test_survival import Killed


class Counts(LiveTest):
    def test_ten_thousand_children(self):
        sonde = self.sonde("run", "--", TARGETS / "many_children", "10000")
        self.assertEqual(sonde.finish(), (7, ["done 10000"]))
        self.assertEqual(len(marks(sonde.trace(), 1)), 10000)
        self.assertEqual(len(re.findall(r"\+\+\+ exited with \d+ \+\+\+", sonde.trace())), 10001)

    def test_a_thousand_attachments(self):
        target = self.target("busy_threads", 16, 1000)
        pid = target.ready()
        for _ in range(1000):
            sonde = self.sonde("attach", str(pid))
            wait_until(lambda: Proc.tracer(pid) or sonde.popen.poll() is not None, "it is attached")
            sonde.interrupt()
            self.assert_untouched(pid)
            target.say()
            target.expect("all ran")
            self.programs.remove(sonde)
            sonde.close()

    def test_a_thousand_execs_from_threads(self):
        sonde = self.sonde("run", "--", TARGETS / "exec_thread", "1000")
        status, lines = sonde.finish()
        self.assertEqual((status, lines[-1]), (5, "done"))
        self.assertEqual(len(re.findall(r"\+\+\+ superseded by execve", sonde.trace())), 1000)


if __name__ == "__main__":
    harness.main()

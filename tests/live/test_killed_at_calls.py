"""A tracer with breakpoints that is killed at any of its system calls harms nobody: each moment between two calls that
change something is tried, not those alone that chance finds."""

import os
import re
import signal
import unittest

import harness
from harness import SONDE, LiveTest, Proc, changed_code, wait_until
from test_trap_handler import handles_trap

# Of so many calls in a row the first is tried; soak_killed_at_calls.py tries each.
STRIDE = 7
KEEPER_SAYS_KILLED = 125
QUIETLY = ("-qq", "--events", "heap", "-o", "/dev/null")


class KilledAtCalls(LiveTest):
    def killer(self, number, *arguments, after=False):
        killer = self.target("kill_at_call", *(["after"] if after else []), str(number), SONDE, *arguments)
        killer.sonde_pid = int(killer.expect(re.compile(r"sonde (\d+)")).group(1))
        return killer

    def is_killed(self, killer):
        killer.expect(re.compile(r"killed \d+"))
        killer.expect(f"ended {KEEPER_SAYS_KILLED}")
        self.assertEqual(killer.finish()[0], 0)

    def goes_on(self, target):
        self.assertIsNone(target.popen.poll(), "the target has died")
        wait_until(lambda: not any(Proc.tracer(tid) for tid in Proc.tasks(target.pid)), "nobody traces the target")
        self.assert_untouched(target.pid)
        self.assertEqual(changed_code(target.pid), [])
        self.assertFalse(handles_trap(target.pid))
        for tid in Proc.tasks(target.pid):
            self.assertEqual(int(Proc.status(tid, "SigBlk"), 16), 0, "a signal is blocked")
        target.say()
        self.assertEqual(target.finish()[0], 0)

    def try_each_call(self, first, last, attempt):
        """The attempt with the numbers of these calls; who fails is told at the end, with the others."""
        harmed = {}
        for number in range(first, last + 1, STRIDE):
            before = len(self.programs)
            try:
                attempt(number)
            except AssertionError as error:
                harmed[number] = str(error)
            for program in self.programs[before:]:
                program.popen.kill()
                program.popen.wait()
                program.close()
            del self.programs[before:]
        self.assertEqual(harmed, {})

    def test_while_it_comes(self):
        for threads in (1, 4):
            def attempt(number):
                target = self.churning(threads)
                killer = self.killer(number, "attach", *QUIETLY, str(target.pid))
                self.is_killed(killer)
                self.goes_on(target)
            self.try_each_call(1, 160, attempt)

    def test_while_it_leaves(self):
        for threads in (1, 4):
            def attempt(number):
                target = self.churning(threads)
                killer = self.killer(number, "attach", *QUIETLY, str(target.pid), after=True)
                wait_until(lambda: handles_trap(target.pid), "the target has the handler")
                killer.kill(signal.SIGUSR1)
                os.kill(killer.sonde_pid, signal.SIGINT)
                self.assertIn(killer.rest()[-1], (f"ended {KEEPER_SAYS_KILLED}", "ended 0"))
                self.assertEqual(killer.finish()[0], 0)
                self.goes_on(target)
            self.try_each_call(1, 150, attempt)

    def test_of_a_program_that_it_has_started(self):
        program = harness.TARGETS / "allocations"
        plain, expected = self.target("allocations", "few").finish()
        self.assertEqual(plain, 0)

        def attempt(number):
            killer = self.killer(number, "run", *QUIETLY, "--", program, "few")
            *lines, end = killer.rest()
            self.assertEqual(killer.finish()[0], 0)
            lines = [line for line in lines if not line.startswith("killed ")]
            self.assertEqual([line.split()[0] for line in lines], [line.split()[0] for line in expected])
            self.assertIn(end, (f"ended {KEEPER_SAYS_KILLED}", "ended 0"))
        self.try_each_call(6, 350, attempt)  # Before that there is no program yet.


if __name__ == "__main__":
    harness.main()

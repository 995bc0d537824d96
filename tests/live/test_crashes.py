"""Crash reports: what they say, and that the program dies as it would have without sonde."""

import json
import re
import signal
import unittest

import harness
from harness import LiveTest, Proc, wait_until

# How a target dies, of which signal, what the report says of it, and in which function.
CRASHES = [
    ("null", signal.SIGSEGV, "reads address 0x0: a null pointer", "read_through"),
    ("offset", signal.SIGSEGV, "reads address 0x18: a null pointer with an offset of 24 bytes", "read_through"),
    ("wild", signal.SIGSEGV, "writes to address 0x100000000018: nothing is mapped there", "write_through"),
    ("noncanonical", signal.SIGSEGV, "reads address 0x8000000000000018, which no program can have", "read_through"),
    ("constant", signal.SIGSEGV, "read-only memory", "write_through"),
    ("data", signal.SIGSEGV, "data, which may not be executed", None),
    ("jump", signal.SIGSEGV, "executes address 0x40: a null pointer with an offset of 64 bytes", None),
    ("overflow", signal.SIGSEGV, "the stack has overflown", "recurse"),
    ("divide", signal.SIGFPE, "divides an integer by zero", "die"),
    ("trap", signal.SIGILL, "a trap that the compiler has put there", "die"),
    ("abort", signal.SIGABRT, "called abort()", None),
    ("assert", signal.SIGABRT, "called abort()", None),
    ("bus", signal.SIGBUS, "beyond the end of the file", "read_through"),
    ("breakpoint", signal.SIGTRAP, "runs into a breakpoint", "die"),
]


class Crashes(LiveTest):
    def crash(self, how, *options):
        sonde = self.sonde("run", *options, "--", harness.TARGETS / "crashes", how)
        self.wait_for_thread(sonde.ready())
        sonde.say()
        return sonde, sonde.finish()[0]

    def wait_for_thread(self, pid):
        """Until both threads of the target read."""
        wait_until(lambda: [Proc.syscall(tid) for tid in Proc.tasks(pid)] == [0, 0], "both threads read")

    def test_what_they_say(self):
        for how, number, words, function in CRASHES:
            with self.subTest(how):
                sonde, status = self.crash(how)
                self.assertEqual(status, -number)
                trace = sonde.trace()
                (head,) = re.findall(r"^\d+ +\*\*\* process .*", trace, re.MULTILINE)
                self.assertIn(f": {number.name}: ", head)
                self.assertIn(words, head)
                report = trace[trace.index(head):]
                self.assertRegex(report, r"\n +rax [0-9a-f]{16} ")
                frames = re.findall(r"^ > [^(]*\(([^+)]*)", report, re.MULTILINE)
                if function:
                    self.assertEqual(frames[0], function)
                    self.assertRegex(report, r"\n  => 0x[0-9a-f]+  \w+")
                if how != "overflow":
                    self.assertIn("die", frames)
                    self.assertIn("main", frames)
                self.assertRegex(report, r"\n\d+ +\*\*\* its thread \d+ \"crashes\"\n")
                self.assertIn("waits", frames)
                # The signal is told as ever, after it.
                self.assertRegex(report, rf"\n\d+ +--- {number.name} \{{")
                self.assertRegex(report, rf"\+\+\+ killed by {number.name}")

    def test_the_message_of_an_assertion(self):
        trace = self.crash("assert")[0].trace()
        self.assertRegex(trace, r"\n  it said: crashes: .*Assertion `how == NULL' failed\.\n")

    def test_a_filter_does_not_hide_it(self):
        for options in (["-e", "syscall == write && fd == 77"], ["--no-pushdown", "-e", "syscall == write && fd == 77"]):
            self.assertIn("a null pointer", self.crash("null", *options)[0].trace())

    def test_switched_off(self):
        sonde, status = self.crash("null", "--no-crash-report")
        self.assertEqual(status, -signal.SIGSEGV)
        self.assertNotIn("***", sonde.trace())
        self.assertIn("--- SIGSEGV {", sonde.trace())

    def test_attached(self):
        target = self.target("crashes", "offset")
        target.ready()
        sonde = self.attached(target)
        target.say()
        # Not finish(), which ends its input: it would end of that, if it came to it before the signal does.
        self.assertEqual(target.status(), -signal.SIGSEGV)
        self.assertEqual(sonde.status(), 0)
        self.assertIn("a null pointer with an offset of 24 bytes", sonde.trace())

    def test_json(self):
        sonde, _ = self.crash("offset", "--format", "json")
        records = [json.loads(line) for line in sonde.trace().splitlines()]
        (crash,) = [record for record in records if record["kind"] == "crash"]
        self.assertEqual(crash["signal"], {"number": 11, "name": "SIGSEGV"})
        self.assertIn("a null pointer", crash["summary"])
        self.assertEqual(crash["stack"][0]["function"], "read_through")
        self.assertIn(crash["registers"]["rip"], [one["address"] for one in crash["code"]])
        (thread,) = [record for record in records if record["kind"] == "thread_stack"]
        self.assertIn("waits", [frame.get("function") for frame in thread["stack"]])
        self.assertFalse(any("stack" in record for record in records if record["kind"] == "syscall"))

    def test_a_handled_signal_is_no_crash(self):
        sonde = self.sonde("run", "--", "bash", "-c", "trap 'echo caught' ABRT; kill -ABRT $$; exit 3")
        self.assertEqual(sonde.finish(), (3, ["caught"]))
        self.assertNotIn("***", sonde.trace())

    def test_sent_from_outside(self):
        target = self.target("crashes", "null")
        target.ready()
        sonde = self.attached(target)
        target.kill(signal.SIGSEGV)
        # Not finish(), which ends its input: it would end of that, if it came to it before the signal does.
        self.assertEqual(target.status(), -signal.SIGSEGV)
        self.assertEqual(sonde.status(), 0)
        self.assertRegex(sonde.trace(), r"crashes: SIGSEGV: sent by process \d+")

    def test_recorded(self):
        file = str(self.folder / "t.sonde")
        sonde = self.sonde("record", "-o", file, "run", "--", harness.TARGETS / "crashes", "offset")
        sonde.ready()
        sonde.say()
        sonde.finish()
        report = self.folder / "report"
        self.assertEqual(self.run_sonde("report", "-q", "-o", str(report), file)[0], 0)
        self.assertIn("a null pointer with an offset", report.read_text())
        self.assertIn("(read_through+", report.read_text())


if __name__ == "__main__":
    harness.main()

"""A recording holds all that the live output shows: one run that is recorded and printed at once must print what a report of
the recording prints, byte for byte, whatever the options. And what is left of a cut recording can be read."""

import json
import os
import random
import re
import struct
import subprocess
import unittest

import harness
from harness import LiveTest, SONDE, TARGETS

ROUNDS = int(os.environ.get("SONDE_REPORT_ROUNDS", "24"))
SEED = int(os.environ.get("SONDE_REPORT_SEED", "1"))
CUTS = int(os.environ.get("SONDE_REPORT_CUTS", "12"))

CHOICES = [["", "-t", "-tt", "-ttt", "-r"], ["", "-T"], ["", "-x", "-xx"], ["", "-X raw", "-X verbose"], ["", "-v"], ["", "-n"],
           ["", "-i"], ["", "-s 0", "-s 5", "-s 1000"], ["", "-a 1", "-a 60"], ["", "-y", "-yy"], ["", "-q", "-qq"], ["", "-z", "-Z"],
           ["", "--events syscalls", "--events signals,processes", "--events syscalls,processes"],
           ["", "-P /dev/null", "-e path=~'etc'", "-e !failed", "-e class==file", "-e trace=!mmap,read", "-e duration>1us", "-e ret>100"],
           ["--format text", "--format text --no-follow", "--format json", "--format csv"],
           ["", "", "", "-c", "-C", "-c -S calls", "-C -S max", "-c --per-process", "-C --per-process -S name"],
           ["", "", "--redact strings", "--redact paths,env"]]
PROGRAMS = [[TARGETS / "varied"], [TARGETS / "own_seccomp"], ["sh", "-c", "echo 'a,b \"c\"' | tr a-z A-Z; cat /nowhere"],
            ["ls", "-l", "/etc"]]


class Report(LiveTest):
    def record(self, options, command):
        """A trace file, and the live output of the same run."""
        trace, live = self.folder / "t.sonde", self.folder / "live"
        words = [SONDE, "record", "-o", trace, "run", "-o", live, *options, "--", *command]
        subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=harness.LIMIT)
        return trace, live.read_bytes()

    def report(self, trace, *options):
        done = subprocess.run([SONDE, "report", *options, trace], stdin=subprocess.DEVNULL, capture_output=True, timeout=harness.LIMIT)
        return done.returncode, done.stdout, done.stderr.decode()

    @staticmethod
    def without_tasks(text):
        """A file that follows children has the process before each line, and no word on who comes; a report goes to a
        reader, who is told only where there are several. The results' column counts what stands before them."""
        text = re.sub(rb"(?m)^sonde: Process .*\n|^\[pid +\d+\] |^(?:\d{5,}|\d{4} |\d{3}  |\d\d   |\d    ) ", b"", text)
        return re.sub(rb" +(= )", rb" \1", text)

    def test_is_what_the_live_output_was(self):
        draw = random.Random(SEED)
        shown = 0
        for number in range(ROUNDS):
            options = " ".join(draw.choice(choice) for choice in CHOICES if draw.randrange(3)).split()
            command = PROGRAMS[number % len(PROGRAMS)]
            with self.subTest(seed=SEED, number=number, options=options, command=command):
                trace, live = self.record(options, command)
                status, report, errors = self.report(trace)
                self.assertEqual((status, errors), (0, ""))
                if "--no-follow" not in options:
                    report, live = self.without_tasks(report), self.without_tasks(live)
                self.assertEqual(report, live)
                shown += len(report)
        self.assertGreater(shown, 1000 * ROUNDS)

    def test_options_of_a_report_come_after(self):
        trace, live = self.record(["--format", "json", "-v"], [TARGETS / "varied"])
        calls = [json.loads(line) for line in live.splitlines()]
        expected = [line for line, call in zip(live.splitlines(), calls) if call["kind"] == "syscall" and call.get("errno")]
        self.assertEqual(self.report(trace, "-Z", "--events", "syscalls")[1].splitlines()[1:], expected)

    def test_a_cut_file_is_read_up_to_its_last_whole_block(self):
        trace, live = self.record(["--format", "json"], ["find", "/usr/include", "-newer", "/etc/passwd"])
        whole = trace.read_bytes()
        bounds = self.block_bounds(whole)
        self.assertGreater(len(bounds), 4)
        step = 1000 if CUTS == 0 else max(1, len(whole) // CUTS)
        shown = {}
        for size in range(bounds[0], len(whole), step):
            part = self.folder / "part.sonde"
            part.write_bytes(whole[:size])
            status, report, errors = self.report(part)
            self.assertEqual(status, 0, errors)
            self.assertRegex(errors, r"^sonde: .*part\.sonde is cut short; its \d+ whole frames are shown\n$")
            blocks = sum(bound <= size for bound in bounds)
            frames = int(re.search(r"its (\d+)", errors).group(1))
            # As many as any other cut in the same block left, and more than one before it.
            self.assertEqual(shown.setdefault(blocks, frames), frames)
            self.assertEqual(frames > 0, blocks > 1)
            # A cut ends calls that were being made; all before is as it was.
            lines = [line for line in report.splitlines() if not json.loads(line).get("unfinished")]
            self.assertEqual(lines, live.splitlines()[:len(lines)])
        self.assertEqual(sorted(shown.values()), [shown[blocks] for blocks in sorted(shown)])

    @staticmethod
    def block_bounds(data):
        """Where each block ends, by the layout of include/sonde/event/trace_file.hpp."""
        header = struct.Struct("<IIII")  # Magic, kind, and the sizes without and with compression.
        at, bounds = 16, []
        while at < len(data):
            at += header.size + header.unpack_from(data, at)[3]
            bounds.append(at)
        return bounds


if __name__ == "__main__":
    harness.main()

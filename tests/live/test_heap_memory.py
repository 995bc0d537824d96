"""How large a process is, along time, beside what its allocators hand out; and that growth which they do not explain is
said."""

import json
import signal
import subprocess

import harness
from harness import LiveTest

MIB = 1 << 20


class HeapMemory(LiveTest):
    def records(self, path):
        found = []
        for line in path.read_text().splitlines():
            if line.endswith("}") and (record := json.loads(line))["kind"] == "heap":
                found.append(record)
        return found

    def watched(self, *options, how, attach=False):
        """A target that has grown, under a sonde that has seen it: both, the report's path."""
        path = self.folder / f"report.{len(self.programs)}"
        arguments = ["heap", "--format", "json", "-o", path, *options]
        if attach:
            target = self.target("memory", how)
            target.ready()
            sonde = self.sonde(*arguments, target.pid, trace=False)
            harness.wait_until(lambda: harness.changed_code(target.pid), "there are breakpoints in the target")
        else:
            target = sonde = self.sonde(*arguments, "--", harness.TARGETS / "memory", how, trace=False)
            target.ready()
        target.say()
        target.expect("grown")
        grown = "mapped" if how == "reserve" else "resident"

        def seen():
            sonde.kill(signal.SIGUSR1)
            return any(record.get("memory", {"samples": []})["samples"] and
                       max(sample[grown] for sample in record["memory"]["samples"]) >= 64 * MIB
                       for record in self.records(path))
        harness.wait_until(seen, "it is seen to have grown")
        return target, sonde, path

    def grown(self, how, *options, **others):
        """The last record of the report on it, and what sonde said beside it."""
        target, sonde, path = self.watched(*options, how=how, **others)
        if target is not sonde:
            sonde.kill(signal.SIGINT)
            self.assertEqual(sonde.status(), 0, sonde.errors())
        target.say()
        self.assertEqual(target.finish()[0], 0, target.errors())
        return self.records(path)[-1], sonde.errors()

    def test_the_sizes_are_told_along_time(self):
        record, errors = self.grown("malloc")
        memory = record["memory"]
        samples = memory["samples"]
        self.assertEqual([sample["elapsed_ns"] for sample in samples], sorted(sample["elapsed_ns"] for sample in samples))
        self.assertLessEqual(len(samples), 512)
        self.assertLess(samples[0]["resident"], 16 * MIB)
        self.assertEqual(samples[0]["live_bytes"], 0)
        self.assertGreaterEqual(max(sample["live_bytes"] for sample in samples), 64 * MIB)
        for name in "resident", "brk", "mapped":
            self.assertEqual(memory[f"{name}_max"], max(sample[name] for sample in samples), name)
        self.assertGreaterEqual(memory["brk_max"] + memory["mapped_max"], 64 * MIB)
        self.assertEqual(memory["unseen_growth"], 0)
        self.assertNotIn("--allocator", errors)

    def test_growth_that_no_allocator_explains_is_said(self):
        for how in "pool", "brk":
            for attach in False, True:
                with self.subTest(how=how, attach=attach):
                    record, errors = self.grown(how, attach=attach)
                    self.assertGreater(record["memory"]["unseen_growth"], 60 * MIB)
                    self.assertRegex(errors, r"sonde: process \d+ took 6\d\.\d MiB more memory than the watched functions "
                                             r"handed out: .*--allocator")

    def test_other_growth_is_not(self):
        for how in "malloc", "reserve", "file", "threads":
            with self.subTest(how=how):
                record, errors = self.grown(how)
                self.assertEqual(record["memory"]["unseen_growth"], 0)
                self.assertNotIn("--allocator", errors)

    def test_a_sample_of_the_calls_accuses_nobody(self):
        record, errors = self.grown("malloc", "--sample", "1/16")
        self.assertEqual(record["memory"]["unseen_growth"], 0)
        self.assertNotIn("--allocator", errors)

    def test_text_and_a_recording_of_it(self):
        recording, live, later = (self.folder / name for name in ("r.sonde", "live", "later"))
        sonde = self.sonde("record", "-o", recording, "heap", "-o", live, "--", harness.TARGETS / "memory", "pool",
                           trace=False)
        sonde.ready()
        sonde.say()
        sonde.expect("grown")

        def seen():
            sonde.kill(signal.SIGUSR1)
            return "  unseen      6" in live.read_text()
        harness.wait_until(seen, "it is seen to have grown")
        sonde.say()
        self.assertEqual(sonde.finish()[0], 0)
        text = live.read_text().rsplit("Heap of process", 1)[1]
        self.assertRegex(text, r"\n  resident    6\d\.\d MiB at most, after .*; 6\d\.\d MiB at last\n"
                               r"  brk, mmap   \S+ \S+ and 6\d\.\d MiB at most; \S+ \S+ and 6\d\.\d MiB at last\n"
                               r"  unseen      6\d\.\d MiB more memory than the watched functions handed out\n")
        reported = subprocess.run([harness.SONDE, "report", "-o", later, recording], check=True, stderr=subprocess.PIPE)
        self.assertEqual(later.read_text().rsplit("Heap of process", 1)[1], text)
        self.assertIn(b"--allocator", reported.stderr)

    def test_lines_as_it_happens_end_with_it(self):
        out = self.folder / "lines"
        sonde = self.sonde("run", "--events", "heap", "-o", out, "--", harness.TARGETS / "memory", "pool", trace=False)
        sonde.ready()
        sonde.say()
        sonde.expect("grown")
        # Nothing tells when it was looked at: the rate does, which is ten times a second at least.
        tracer = sonde.tracer()
        before = self.looks(tracer)
        harness.wait_until(lambda: self.looks(tracer) > before + 10000, "the tracer has looked")
        sonde.say()
        self.assertEqual(sonde.finish()[0], 0)
        self.assertIn("--allocator", sonde.errors())

    def looks(self, pid):
        """Bytes that a process has read: maps and statm alone, once a program runs."""
        with open(f"/proc/{pid}/io") as file:
            return int(file.readline().split()[1])


if __name__ == "__main__":
    harness.main()

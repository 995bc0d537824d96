"""Calls of allocators that --sample and --max-rate leave out: they are counted, and nobody is accused for want of them."""

import json
import unittest

import harness
from harness import LiveTest

TARGET = harness.TARGETS / "allocations"
HEAP_KINDS = ("alloc", "free", "realloc")


class HeapSampling(LiveTest):
    def records(self, verb, *options):
        """Those of a run of the target whose calls are the same each time."""
        path = self.folder / "records"
        sonde = self.sonde(*verb, "--format", "json", "-o", path, *options, "--", TARGET, "count", 1, 200, trace=False)
        sonde.ready()
        sonde.say()
        self.assertEqual(sonde.finish()[0], 0, sonde.errors())
        return [json.loads(line) for line in path.read_text().splitlines()]

    def shown_and_lost(self, *options):
        records = self.records(["run", "--events", "heap"], *options)
        lost = [record for record in records if record["kind"] == "lost"]
        shown = sum(record["kind"] in HEAP_KINDS for record in records)
        self.assertFalse(any("misuse" in record for record in records))
        return shown, sum(record["count"] for record in lost), {record["reason"] for record in lost}

    def test_each_call_is_shown_or_counted(self):
        every, _, none = self.shown_and_lost()
        self.assertEqual(none, set())
        for option, reason in (("--sample=1/10", "sampling"), ("--max-rate=3/s", "rate_limit")):
            with self.subTest(option):
                shown, lost, reasons = self.shown_and_lost(option)
                self.assertEqual(reasons, {reason})
                self.assertEqual(shown + lost, every)
                self.assertGreater(shown, 0)
                self.assertLess(shown, every / 2)

    def test_a_report_on_a_sample(self):
        heap = self.records(["heap"], "--sample", "1/10")[-1]
        self.assertEqual(heap["misuse"], [])
        self.assertTrue(heap["partial"])
        self.assertGreater(heap["left_out"]["sampled"], 0)
        self.assertEqual(heap["left_out"]["events"], 0)
        sites = [site for site in heap["sites"]
                 if any(frame.get("function") == "count_thread" for frame in site.get("stack", []))]
        self.assertTrue(0 < sum(site["allocations"] for site in sites) < 300)
        # What was counted is given back, by whomever.
        self.assertEqual(sum(site["live_blocks"] for site in sites), 0)

    def test_a_recorded_sample_gives_the_same_report(self):
        recording, later = self.folder / "r.sonde", self.folder / "later"
        live = self.records(["record", "-o", recording, "heap"], "--sample", "1/7")
        status, errors = self.run_sonde("report", "-o", later, recording)
        self.assertEqual(status, 0, errors)
        self.assertEqual([json.loads(line) for line in later.read_text().splitlines()], live)


if __name__ == "__main__":
    harness.main()

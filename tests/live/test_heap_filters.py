"""What is left out of allocators' calls since a filter cannot match it: nothing that would be shown, and it is left out."""

import itertools
import json
import random
import unittest

import harness
from harness import LiveTest

TARGET = harness.TARGETS / "allocations"

EXPRESSIONS = [
    "alloc.size >= 5000", "alloc.size < 100", "kind == free", "kind == alloc", "kind == realloc", "kind != alloc",
    "kind == alloc && alloc.size > 1000", "kind in [alloc, free] && alloc.size != 100", "!(kind == free)", "!(alloc.size > 50)",
    "alloc.function == 'malloc'", "alloc.function != 'malloc'", "alloc.function =~ 'align'", "alloc.function == 'free'",
    "alloc.age > 0s", "alloc.age > 60m || alloc.size == 10", "kind == free && alloc.age < 60m", "alloc.address == 0",
    "kind == alloc && alloc.address != 0", "site.function == 'release'", "kind == alloc && stack has function 'leap'",
    "alloc.size == 71 || site.function == 'on_signal'", "pid == 1 || alloc.size in [30, 60..100]", "pid != 1 && kind == alloc",
    "comm == 'nobody' && alloc.size > 0", "comm == 'allocations' && alloc.size > 4K", "time > 60m || alloc.size == 6",
    "alloc.usable > 0 || kind == realloc"]
TESTS = ["alloc.size >= 100", "alloc.size in [10, 71..82]", "kind == free", "kind == realloc", "kind == alloc", "alloc.age >= 0s",
         "alloc.function == 'malloc'", "alloc.function in ['calloc', 'free']", "site.function == 'release'", "pid != 1"]
VOLATILE = {"time", "elapsed_ns", "pid", "tid", "age_ns", "parent_tid"}


class HeapFilters(LiveTest):
    def shown(self, expression, *options):
        """The records of the calls that are shown, without what differs from run to run: addresses are numbered."""
        path = self.folder / "shown"
        status, errors = self.run_sonde("run", "--events", "heap", "--format", "json", "-k", "-e", expression, *options, "-o", path,
                                        "--", TARGET)
        self.assertEqual(status, 0, errors)
        numbers = {}
        records = []
        for line in path.read_text().splitlines():
            record = json.loads(line)
            if record["kind"] not in ("alloc", "free", "realloc", "lost"):
                continue
            for key in VOLATILE & record.keys():
                record[key] = True
            for key in {"address", "old_address"} & record.keys():
                if record[key]:
                    record[key] = numbers.setdefault(record[key], len(numbers))
            for frame in record.get("stack", []):
                frame.pop("address", None)
            records.append(record)
        return records

    def random_expressions(self, count):
        choice = random.Random(4).choice
        for _ in range(count):
            a, b, c = (choice(TESTS) for _ in range(3))
            yield choice([f"({a}) && ({b})", f"({a}) || ({b})", f"!({a}) && ({b})", f"({a}) && (({b}) || !({c}))"])

    def test_what_is_shown_stays_the_same(self):
        for expression in itertools.chain(EXPRESSIONS, self.random_expressions(20)):
            with self.subTest(expression):
                self.assertEqual(self.shown(expression), self.shown(expression, "--no-pushdown"))

    def test_only_matching_shows_the_same_calls_without_what_only_all_calls_tell(self):
        for expression in EXPRESSIONS:
            if "alloc.age" in expression:
                continue
            with self.subTest(expression):
                expected = self.shown(expression)
                for record in expected:
                    for key in ("age_ns", "old_size", "misuse"):
                        record.pop(key, None)
                self.assertEqual(self.shown(expression, "--only-matching"), expected)

    def report(self, expression, *options):
        path = self.folder / "report"
        status, errors = self.run_sonde("run", "--events", "heap", "-c", "--format", "json", "-e", expression, *options, "-o", path,
                                        "--", TARGET)
        self.assertEqual(status, 0, errors)
        # A child that shares nothing of what matches has no record.
        return [json.loads(line) for line in path.read_text().splitlines() if '"kind":"heap"' in line]

    def test_a_report_on_what_matches(self):
        counters = ("allocations", "bytes", "releases", "live_blocks", "live_bytes", "peak_bytes", "failures")
        for expression in ("alloc.size >= 1000", "kind == alloc && alloc.function == 'malloc'", "site.function == 'surroundings'"):
            with self.subTest(expression):
                told, left_out = (self.report(expression, "--only-matching", *options) for options in (["--no-pushdown"], []))
                for a, b in itertools.zip_longest(told, left_out):
                    self.assertEqual([a["total"][key] for key in counters], [b["total"][key] for key in counters])
                    self.assertEqual(a["unknown_releases"], b["unknown_releases"])
                    self.assertEqual(b["misuse"], [finding for finding in b["misuse"] if finding["what"].endswith("_size")])
        [record] = self.report("alloc.size in 5000..50000", "--only-matching")
        # realloc, two of malloc and calloc; all are given back.
        self.assertEqual((record["total"]["allocations"], record["total"]["bytes"], record["total"]["releases"],
                          record["total"]["live_blocks"]), (3, 85000, 3, 0))

    def test_ages_cannot_be_asked_for(self):
        status, errors = self.run_sonde("run", "-e", "alloc.age > 1s", "--only-matching", "--", "true")
        self.assertEqual(status, 125)
        self.assert_complaint(errors, "--only-matching", "alloc.age")


if __name__ == "__main__":
    harness.main()

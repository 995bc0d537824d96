"""--events mappings: the system calls that map memory, with their stacks, alone or beside the calls of allocators."""

import json
import unittest

import harness
from harness import LiveTest

TARGET = harness.TARGETS / "allocations"
NAMES = {"brk", "mmap", "munmap", "mremap"}


class Mappings(LiveTest):
    def records(self, *options):
        path = self.folder / "records"
        status, errors = self.run_sonde("run", "--format", "json", "-k", *options, "-o", path, "--", TARGET, "plain")
        self.assertEqual(status, 0, errors)
        return [json.loads(line) for line in path.read_text().splitlines()]

    def names(self, records):
        return [record["syscall"] for record in records if record["kind"] == "syscall"]

    def test_they_are_the_calls_that_a_filter_would_show(self):
        expected = self.names(self.records("-e", "syscall in [brk, mmap, munmap, mremap]"))
        self.assertEqual(set(expected) - NAMES, set())
        self.assertEqual(self.names(self.records("--events", "mappings")), expected)
        self.assertEqual(self.names(self.records("--events", "mappings", "--no-pushdown")), expected)
        self.assertEqual(self.names(self.records("-e", "kind == mapping")), expected)
        both = self.records("--events", "heap,mappings")
        self.assertEqual(self.names(both), expected)
        self.assertTrue(any(record["kind"] == "alloc" for record in both))

    def test_they_have_stacks(self):
        # A block that malloc maps for itself, and unmaps when it is given back.
        for name in ("mmap", "munmap"):
            found = [record for record in self.records("--events", "heap,mappings") if record.get("syscall") == name and any(
                frame.get("function") == "every_function" for frame in record.get("stack", []))]
            self.assertTrue(found, name)

    def test_a_filter_narrows_them(self):
        self.assertEqual(set(self.names(self.records("--events", "mappings", "-e", "syscall in [open, munmap]"))), {"munmap"})


if __name__ == "__main__":
    harness.main()

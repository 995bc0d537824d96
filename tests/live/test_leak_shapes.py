"""Lost and kept blocks of one shape each: strings, arrays, bases, coroutines, mappings, libraries, children. Each target
says of its blocks what the right answer is; asked at its end, by a watch, and while it waits, by a walk of its heap."""

import collections
import json
import os
import subprocess
import unittest

import harness
from harness import LiveTest, SONDE, TARGETS

CLASSES = ("definite", "indirect", "possible", "reachable")
LIBRARY = TARGETS / "libholding.so"
# And what the loader and the library of threads keep, which a watch hides by the default suppressions and a walk cannot.
WITH_OTHER_BLOCKS = {"shape_context_running", "shape_ended_thread", "shape_keys", "shape_module"}
SHAPES = [("shape_string",), ("shape_string_old",), ("shape_new_array",), ("shape_bases",), ("shape_length",),
          ("shape_coroutine",), ("shape_context",), ("shape_context_running",), ("shape_mapping",),
          ("shape_module", LIBRARY, "kept"), ("shape_module", LIBRARY, "closed"), ("shape_fork",), ("shape_keys",),
          ("shape_ended_thread",), ("shape_signal_stack",), ("shape_shared",), ("shape_tagged",)]
# A walk knows no block of so many bytes as were asked for: its end is not seen. And no heap of a static program.
WATCHED_ALONE = [("shape_empty_array",), ("shape_static",)]

Block = collections.namedtuple("Block", "size usable kind")


def told(lines):
    """By process and address, what a target has said of its blocks."""
    blocks = collections.defaultdict(dict)
    for line in lines:
        if line.startswith("block "):
            _, pid, address, size, usable, kind = line.split()
            blocks[int(pid)][int(address, 16)] = Block(int(size), int(usable), kind)
    return blocks


def sums(blocks, size):
    """How many blocks there are in each class, and of how many bytes."""
    return {kind: (sum(1 for block in blocks if block.kind == kind), sum(size(b) for b in blocks if b.kind == kind))
            for kind in CLASSES}


def totals(report):
    return {kind: (report["totals"][kind]["blocks"], report["totals"][kind]["bytes"]) for kind in CLASSES}


class LeakShapes(LiveTest):
    def reports(self, text):
        return {report["pid"]: report for report in map(json.loads, text.splitlines())}

    def watched(self, *target, **options):
        """What a target says, and what sonde does at the end of each of its processes."""
        sonde = self.sonde("leaks", "--format", "json", "--show", "all", "--top", "0", "--", TARGETS / target[0], *target[1:],
                           **options)
        status, lines = sonde.finish()
        self.assertEqual((status, sonde.errors()), (0, ""))
        return lines, self.reports(sonde.trace())

    def looked_at(self, pid):
        done = subprocess.run([SONDE, "leaks", "--format", "json", "--show", "all", "--top", "0", str(pid)],
                              capture_output=True, text=True, timeout=harness.LIMIT)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assert_untouched(pid)
        return self.reports(done.stderr)[pid]

    def walked(self, *target):
        """What a target says, and what sonde does of each of its processes that waits."""
        program = self.target(*target, "wait")
        lines, reports = [], {}
        processes = 2 if target[0] == "shape_fork" else 1
        while len(reports) < processes:
            lines.append(program.hear())
            if lines[-1].startswith("all "):
                pid = int(lines[-1].split()[1])
                reports[pid] = self.looked_at(pid)
                program.say()
        self.assertEqual(program.finish()[0], 0)
        return lines, reports

    def test_watched(self):
        for target in SHAPES + WATCHED_ALONE:
            with self.subTest(" ".join(map(str, target))):
                lines, reports = self.watched(*target)
                expected = told(lines)
                self.assertEqual(set(expected), set(reports))
                for pid, blocks in expected.items():
                    self.assert_records(reports[pid], blocks)
                    self.assert_totals(totals(reports[pid]), sums(blocks.values(), lambda block: block.size), True)

    def assert_records(self, report, blocks):
        """Each record is of blocks of the target's, or of others: its first blocks say which."""
        found = collections.Counter()
        for record in report["records"]:
            known = [int(example["address"], 16) for example in record["examples"]]
            if not blocks.keys() & set(known):
                continue
            for address, example in zip(known, record["examples"]):
                self.assertEqual((example["size"], record["class"]), blocks[address][::2], hex(address))
            found[record["class"], "blocks"] += record["blocks"]
            found[record["class"], "bytes"] += record["bytes"]
        for kind, (count, size) in sums(blocks.values(), lambda block: block.size).items():
            self.assertEqual((found[kind, "blocks"], found[kind, "bytes"]), (count, size), kind)

    def assert_totals(self, found, expected, all_known):
        for kind in ("definite", "indirect", "possible"):
            if kind != "possible" or all_known:
                self.assertEqual(found[kind], expected[kind], kind)
        self.assertGreaterEqual(found["reachable"], expected["reachable"])

    def test_walked(self):
        for target in SHAPES:
            with self.subTest(" ".join(map(str, target))):
                lines, reports = self.walked(*target)
                expected = told(lines)
                self.assertEqual(set(expected), set(reports))
                for pid, blocks in expected.items():
                    self.assert_totals(totals(reports[pid]), sums(blocks.values(), lambda block: block.usable),
                                       target[0] not in WITH_OTHER_BLOCKS)

    def test_what_is_not_written_yet(self):
        """It counts as the program's, unless malloc overwrites it."""
        overwrites = {"MALLOC_PERTURB_": "170", "GLIBC_TUNABLES": "glibc.malloc.tcache_count=0"}
        lines, reports = self.watched("shape_unwritten", env=os.environ | overwrites)
        for pid, blocks in told(lines).items():
            self.assert_records(reports[pid], blocks)

    def assert_list(self, lines, reports):
        [report] = reports.values()
        counts = {line.split()[0]: tuple(map(int, line.split()[1:])) for line in lines}
        nothing = (0, 0)
        self.assertEqual(totals(report), {"definite": counts["dropped"], "indirect": nothing, "possible": nothing,
                                          "reachable": counts["kept"]})

    def test_a_list_that_was_watched(self):
        self.assert_list(*self.watched("shape_list", "20000"))

    def test_a_million_blocks_that_were_not(self):
        self.assert_list(*self.walked("shape_list", "1000000"))


if __name__ == "__main__":
    harness.main()

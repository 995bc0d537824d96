#!/usr/bin/env python3
"""The walk over the heap of tests/targets/heap_blocks.c, which knows each block that is in use, against what that says:
the same blocks with the same sizes, whether libc's symbols are known or not, and the same totals as mallinfo2(3)."""
import itertools
import os
import subprocess
import sys
import unittest
from pathlib import Path

import walk

TARGET = Path(os.environ.get("SONDE_TARGETS", ".")) / "heap_blocks"
FLAGS = [flags for n in range(3) for flags in itertools.combinations(("no-symbols", "no-threads"), n)]


class Target:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([TARGET, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.blocks, self.mallinfo, self.stacks, self.ended = {}, {}, [], []
        for line in self.process.stdout:
            kind, *words = line.split()
            if kind == "block":
                self.blocks[int(words[0], 16)] = int(words[1])
            elif kind == "mallinfo":
                self.mallinfo[words[0]] = int(words[1])
            elif kind == "stack":
                self.stacks.append(int(words[0], 16))
            elif kind == "ended":
                self.ended.append(int(words[0], 16))
            elif kind == "ready":
                return
        raise AssertionError("heap_blocks ended early")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


# What malloc_usable_size says of a tcache_perthread_struct's chunk, which may have been cut from a larger one.
CACHE_SIZES = (0x290 - 8, 0x2a0 - 8)


def differences(found, told):
    lines = [f"{a:#x}: {s} bytes, not in use" for a, s in found.items() if a not in told]
    lines += [f"{a:#x}: {s} bytes, not found" for a, s in told.items() if a not in found]
    lines += [f"{a:#x}: {s} bytes, not {told[a]}" for a, s in found.items() if told.get(a, s) != s]
    return lines[:10]


class Blocks(unittest.TestCase):
    def check(self, target, *flags):
        found = walk.of(target.process.pid, *flags)
        self.assertEqual(found.error, [""])
        self.assertEqual(differences(found.blocks, self.to_be_found(target, found, flags)), [])
        self.assertEqual(found.notes, [])
        self.assertEqual(list(found.blocks), sorted(found.blocks))
        for address, size in found.blocks.items():
            self.assertTrue(any(b <= address and address + size <= e for b, e in found.owned) or
                            any(b <= address < e for b, e in found.owned), f"{address:#x}")
        totals, info = found.totals, target.mallinfo
        self.assertEqual(totals["system_mem"][1], info["arena"])
        self.assertEqual(totals["fastbin"], (info["smblks"], info["fsmblks"]))
        self.assertEqual(totals["mapped"], (info["hblks"], info["hblkhd"]))
        self.assertEqual(sum(totals[name][1] for name in ("fastbin", "bins", "top")), info["fordblks"])
        return found

    @staticmethod
    def to_be_found(target, found, flags):
        """Where threads are not known, a block of a cache's size that looks like an empty one may be taken for one."""
        if "no-threads" not in flags:
            return target.blocks
        return {address: size for address, size in target.blocks.items()
                if address in found.blocks or size not in CACHE_SIZES}

    def check_all_ways(self, *arguments):
        with Target(*arguments) as target:
            for flags in FLAGS:
                with self.subTest(arguments=arguments, flags=flags):
                    found = self.check(target, *flags)
                    if flags == ():
                        self.check_symbols(target)
                        self.check_stacks(target, found)

    def check_symbols(self, target):
        """Both ways come to the same place."""
        known, searched = walk.of(target.process.pid), walk.of(target.process.pid, "no-symbols")
        self.assertEqual(set(known.symbols), {"main_arena", "mp_"})
        self.assertEqual(searched.symbols, {})
        self.assertEqual(known.ignored, searched.ignored)
        self.assertEqual({begin for begin, _ in known.ignored}, set(known.symbols.values()))
        self.assertEqual(known.version, ["2.36"])

    def check_stacks(self, target, found):
        def is_ended(address):
            return any(begin <= address < end for begin, end in found.ended)
        self.assertTrue(all(map(is_ended, target.ended)))
        self.assertFalse(any(map(is_ended, target.stacks)))

    def test_one_thread(self):
        for seed in range(1, 5):
            self.check_all_ways(str(seed), "0")

    def test_threads(self):
        for seed in range(5, 9):
            self.check_all_ways(str(seed), "4")

    def test_more_threads_than_arenas(self):
        self.check_all_ways("9", "40")

    def test_brk_that_cannot_grow(self):
        for seed in range(10, 13):
            self.check_all_ways(str(seed), "2", "brk")

    def test_program_that_calls_sbrk(self):
        for seed in range(13, 16):
            self.check_all_ways(str(seed), "1", "sbrk")


if __name__ == "__main__":
    sys.exit(unittest.main())

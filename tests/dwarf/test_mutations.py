"""Programs whose debug information was damaged: no crash, no answer that takes long, no memory without bound.

With SONDE_FRAMES_SOAK in the environment more of them.
"""

import random
import re
import resource
import shutil
import tempfile
import unittest
from pathlib import Path

import compare
import damaged
import variants

MUTATIONS = 500 if damaged.SOAK else 50    # Of each program.


def debug_sections(program):
    """(offset, size) of each section of debug information in the file."""
    found = []
    for line in compare.run(["readelf", "-SW", program]).splitlines():
        match = re.match(r"\s*\[ *\d+\] \.debug_(?!str|loc|frame)\S+\s+PROGBITS\s+\w+ (\w+) (\w+)", line)
        if match and int(match[2], 16):
            found.append((int(match[1], 16), int(match[2], 16)))
    return found


def mutate(whole, sections, chosen):
    """Changes 1 to 200 bytes: single bits, any bytes, extreme numbers, or a piece copied from elsewhere."""
    changed = bytearray(whole)
    for _ in range(chosen.choice((1, 3, 10, 50, 200))):
        offset, size = chosen.choice(sections)
        at = offset + chosen.randrange(size)
        kind = chosen.randrange(4)
        if kind == 0:
            changed[at] ^= 1 << chosen.randrange(8)
        elif kind == 1:
            changed[at] = chosen.randrange(256)
        elif kind == 2:
            value = chosen.choice((b"\xff" * 4, b"\0" * 4, b"\x80" * 9, b"\xff\xff\xff\x7f"))
            changed[at:at + len(value)] = value
        else:
            other = offset + chosen.randrange(size)
            piece = changed[other:min(other + chosen.randrange(1, 64), offset + size)]
            changed[at:at + len(piece)] = piece
    del changed[len(whole):]
    return changed


class Mutations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="sonde-mutations-"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def test_mutations(self):
        compilers = variants.exist()
        wanted = [("gcc", 5, "O3"), ("clang", 4, "O2")]
        if damaged.SOAK:
            wanted += [("gcc", 4, "O2"), ("gcc", 5, "lto"), ("clang", 5, "O3")]
        programs = [variants.build(self.folder, *variant) for variant in wanted if variant[0] in compilers]
        chosen = random.Random(1)
        changed = self.folder / "changed"
        for program in programs:
            sections = debug_sections(program)
            whole = program.read_bytes()
            addresses = compare.code_addresses(program, 200)
            for number in range(MUTATIONS):
                changed.write_bytes(mutate(whole, sections, chosen))
                damaged.check(self, changed, addresses, f"mutation {number} of {program.name}")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unittest.main(verbosity=2)

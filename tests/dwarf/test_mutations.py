"""Programs whose debug information was damaged: no crash, no answer that takes long, no memory without bound.

With SONDE_FRAMES_SOAK in the environment more of them.
"""

import os
import random
import re
import resource
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import compare
import variants

TOOL = os.environ["SONDE_FRAMES"]
SOAK = "SONDE_FRAMES_SOAK" in os.environ
MUTATIONS = 500 if SOAK else 50    # Of each program.
SECONDS = 2
MEGABYTES = 512
SANITIZED = b"__asan_init" in Path(TOOL).read_bytes()


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

    def look_up(self, program, addresses):
        """Status, seconds of the processor and megabytes that it takes to look all addresses up."""
        process = subprocess.Popen([TOOL, program], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.PIPE)
        try:
            process.stdin.write(addresses)
            process.stdin.close()
        except BrokenPipeError:
            pass
        errors = process.stderr.read()
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024, errors

    def test_mutations(self):
        compilers = variants.exist()
        wanted = [("gcc", 5, "O3"), ("clang", 4, "O2")]
        if SOAK:
            wanted += [("gcc", 4, "O2"), ("gcc", 5, "lto"), ("clang", 5, "O3")]
        programs = [variants.build(self.folder, *variant) for variant in wanted if variant[0] in compilers]
        chosen = random.Random(1)
        damaged = self.folder / "damaged"
        for program in programs:
            sections = debug_sections(program)
            whole = program.read_bytes()
            addresses = "".join(f"{a:x}\n" for a in compare.code_addresses(program, 200)).encode()
            for number in range(MUTATIONS):
                damaged.write_bytes(mutate(whole, sections, chosen))
                status, seconds, megabytes, errors = self.look_up(damaged, addresses)
                about = f"mutation {number} of {program.name}: {errors.decode(errors='replace')[-2000:]}"
                self.assertIn(status, (0, 1), about)
                if not SANITIZED:
                    self.assertLess(seconds, SECONDS, about)
                    self.assertLess(megabytes, MEGABYTES, about)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unittest.main(verbosity=2)

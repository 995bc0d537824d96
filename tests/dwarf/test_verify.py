"""sonde symbolize --verify: sonde and libdwarf++ say the same of programs that were compiled in many ways; what libdwarf++
cannot read, and files that it breaks down on, are told.

With SONDE_FRAMES_SOAK in the environment: every compiler, version and option.
"""

import os
import random
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import compare
import damaged
import variants

SONDE = os.environ["SONDE"]
SOAK = "SONDE_FRAMES_SOAK" in os.environ
COUNT = 5000 if SOAK else 500


class Verify(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="sonde-verify-"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def build(self, compiler, version, option):
        if compiler not in variants.exist():
            self.skipTest(f"no {compiler}")
        return variants.build(self.folder, compiler, version, option)

    def verify(self, program, addresses, status):
        done = subprocess.run([SONDE, "symbolize", "--verify", program], capture_output=True, text=True,
                              input="".join(f"{a:x}\n" for a in addresses))
        self.assertEqual(done.returncode, status, done.stderr[:2000])
        return done.stderr

    def check(self, program):
        addresses = compare.code_addresses(program, COUNT)
        said = self.verify(program, addresses, 0)
        self.assertEqual(said, f"sonde: {len(addresses)} of {len(addresses)} addresses of {program} compared with "
                               "libdwarf++: no differences\n")

    def test_versions_and_options(self):
        for variant in (("gcc", 2, "O2"), ("gcc", 3, "O0"), ("gcc", 4, "O2"), ("gcc", 4, "compressed"), ("clang", 2, "O0"),
                        ("clang", 3, "compressed"), ("clang", 4, "O2"), ("gcc", 4, "lto")):
            with self.subTest(variant=variant):
                self.check(self.build(*variant))

    @unittest.skipUnless(SOAK, "for a night")
    def test_every_variant(self):
        for compiler in variants.exist():
            for version in (2, 3, 4):
                for option in variants.OPTIONS:
                    if option == "split" or option == "dwarf64" and (version < 3 or compiler == "gcc"):
                        continue
                    with self.subTest(compiler=compiler, version=version, option=option):
                        folder = self.folder / "every"
                        folder.mkdir(exist_ok=True)
                        self.check(variants.build(folder, compiler, version, option))

    def test_what_libdwarfpp_does_not_know(self):
        program = self.build("gcc", 5, "O0")
        self.assertIn("DWARF 5", self.verify(program, [0x1000], 2))
        program = self.build("gcc", 4, "split")
        self.assertIn("split", self.verify(program, [0x1000], 2))
        self.assertIn("8 bytes", self.verify(self.build("gcc", 4, "dwarf64"), [0x1000], 2))
        bare = self.folder / "bare"
        compare.run(["strip", "-o", bare, program])
        self.assertIn("no debug information", self.verify(bare, [0x1000], 2))
        self.assertIn("no address", self.verify(program, [], 2))

    def test_a_difference_is_told(self):
        """Where two ranges overlap the later one holds for sonde; a line table whose sequences overlap is ambiguous."""
        program = self.build("gcc", 4, "no-pie")
        addresses = compare.code_addresses(program, COUNT)
        whole = program.read_bytes()
        chosen = random.Random(5)
        changed = self.folder / "changed"
        sections = damaged.debug_sections(program)
        told = set()
        for _ in range(300):
            changed.write_bytes(damaged.mutate(whole, sections, chosen))
            done = subprocess.run([SONDE, "symbolize", "--verify", changed], capture_output=True, text=True,
                                  errors="surrogateescape", input="".join(f"{a:x}\n" for a in addresses))
            self.assertIn(done.returncode, (0, 1, 2), done.stderr)
            self.assertNotIn("terminate called", done.stderr)
            if done.returncode == 1:
                self.assertRegex(done.stderr, r"0x[0-9a-f]+: another (frames|function|file|line|column): .*; libdwarf\+\+: ")
                told.add("difference")
            for what in ("crashed", "took longer", "gave up on the others", "was not verified"):
                if what in done.stderr:
                    told.add(what)
            if told >= {"difference", "crashed"}:
                break
        self.assertGreaterEqual(told, {"difference", "crashed"})


if __name__ == "__main__":
    unittest.main(verbosity=2)

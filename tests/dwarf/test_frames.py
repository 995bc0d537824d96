"""Our frames are those of llvm-symbolizer and addr2line, for programs that were compiled in many ways.

With SONDE_FRAMES_SOAK in the environment: every compiler, version and option, and thousands of addresses each.
"""

import os
import shutil
import tempfile
import unittest
from pathlib import Path

import compare
import variants

TOOL = os.environ["SONDE_FRAMES"]
SOAK = "SONDE_FRAMES_SOAK" in os.environ
COUNT = 5000 if SOAK else 300


class Frames(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="sonde-frames-"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def check(self, program, options=(), peer_program=None, addr2line=True):
        """All that llvm-symbolizer says, and the lines of addr2line, which names and counts inlined functions in its own way:
        without a linkage name it takes the symbol's at the address, and of DWARF 5 by clang it knows some alone."""
        addresses = compare.code_addresses(program, COUNT)
        mine = compare.ours(TOOL, program, addresses, options)
        found = compare.differences(mine, compare.llvm(peer_program or program, addresses), columns=True)
        self.assertEqual(found, [], f"{program}: {len(found)} of {len(addresses)}")
        if addr2line:
            found = compare.line_differences(mine, compare.addr2line(program, addresses))
            self.assertEqual(found, [], f"{program}: {len(found)} of {len(addresses)}")
        known = sum(bool(frames) for frames in mine.values())
        self.assertGreater(known, len(addresses) // 100)
        if not str(program).endswith("O0"):
            self.assertGreater(sum(len(frames) > 1 for frames in mine.values()), known * 0.3)

    def build(self, *arguments):
        if arguments[0] not in variants.exist():
            self.skipTest(f"no {arguments[0]}")
        return variants.build(self.folder, *arguments)


class Samples(Frames):
    def test_gcc_optimised(self):
        self.check(self.build("gcc", 5, "O2"))

    def test_gcc_version_2(self):
        self.check(self.build("gcc", 2, "O3"))

    def test_gcc_version_4_link_time(self):
        self.check(self.build("gcc", 4, "lto"))

    def test_gcc_64_bit_format(self):
        self.check(self.build("gcc", 5, "dwarf64"), addr2line=False)    # Which cannot read it.

    def test_gcc_type_units(self):
        self.check(self.build("gcc", 4, "types"))

    def test_gcc_compressed(self):
        self.check(self.build("gcc", 5, "compressed"))

    def test_clang_optimised(self):
        self.check(self.build("clang", 5, "O2"))

    def test_clang_version_3(self):
        self.check(self.build("clang", 3, "O3"))

    def test_clang_link_time(self):
        self.check(self.build("clang", 5, "lto"))

    def test_split(self):
        for compiler in variants.exist():
            for version in (4, 5):
                with self.subTest(compiler=compiler, version=version):
                    self.check(variants.build(self.folder, compiler, version, "split"))

    def test_package(self):
        for version, tool in ((4, "dwp"), (5, "llvm-dwp")):
            with self.subTest(version=version):
                folder = self.folder / f"package-{version}"
                folder.mkdir()
                program = variants.build(folder, "clang", version, "split")
                package = variants.package(program, tool)
                self.check(program, ["--package", package])

    def test_shared(self):
        if not shutil.which("dwz"):
            self.skipTest("no dwz")
        programs = [variants.build(self.folder, "gcc", version, "no-pie") for version in (4, 5)]
        common, copies = variants.share(programs, self.folder)
        for program, copy in zip(programs, copies):
            with self.subTest(program=program.name):
                self.check(copy, ["--alternate", common], peer_program=program, addr2line=False)

    def test_rust(self):
        if not shutil.which("rustc"):
            self.skipTest("no rustc")
        self.check(variants.build_rust(self.folder, 2))


@unittest.skipUnless(SOAK, "for a night")
class EveryVariant(Frames):
    def test_all(self):
        for compiler in variants.exist():
            for version in (2, 3, 4, 5):
                for option in variants.OPTIONS:
                    if option == "dwarf64" and version < 3 or option == "split" and version < 4:
                        continue
                    with self.subTest(compiler=compiler, version=version, option=option):
                        program = variants.build(self.folder, compiler, version, option)
                        self.check(program, addr2line=(version, option) != (5, "dwarf64"))


if __name__ == "__main__":
    unittest.main(verbosity=2)

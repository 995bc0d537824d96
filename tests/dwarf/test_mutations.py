"""Programs whose debug information was damaged: no crash, no answer that takes long, no memory without bound.

With SONDE_FRAMES_SOAK in the environment more of them.
"""

import os
import random
import resource
import shutil
import tempfile
import unittest
from pathlib import Path

import compare
import damaged
import variants

SCALE = float(os.environ.get("SONDE_SOAK_SCALE", "1"))
MUTATIONS = round(500 * SCALE) if damaged.SOAK else 50    # Of each program.
WHOLE_MUTATIONS = round(10_000 * SCALE) if damaged.SOAK else 20


class Mutations(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(tempfile.mkdtemp(prefix="sonde-mutations-"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def programs(self):
        compilers = variants.exist()
        wanted = [("gcc", 5, "O3"), ("clang", 4, "O2")]
        if damaged.SOAK:
            wanted += [("gcc", 4, "O2"), ("gcc", 5, "lto"), ("clang", 5, "O3")]
        folder = self.folder / self._testMethodName
        folder.mkdir()
        return [variants.build(folder, *variant) for variant in wanted if variant[0] in compilers]

    def test_debug_information(self):
        chosen = random.Random(1)
        changed = self.folder / "changed"
        for program in self.programs():
            sections = damaged.debug_sections(program)
            whole = program.read_bytes()
            addresses = compare.code_addresses(program, 200)
            for number in range(MUTATIONS):
                changed.write_bytes(damaged.mutate(whole, sections, chosen))
                damaged.check(self, changed, addresses, f"mutation {number} of {program.name}")

    def test_whole_programs(self):
        """Through all of `sonde symbolize`: headers, symbols and compressed sections are damaged too, and files cut short."""
        chosen = random.Random(2)
        changed = self.folder / "changed"
        for program in self.programs():
            whole = program.read_bytes()
            places = damaged.debug_sections(program) + [(0, 4096), (0, len(whole)), (len(whole) - 4096, 4096)]
            addresses = compare.code_addresses(program, 50)
            for number in range(WHOLE_MUTATIONS):
                mutated = damaged.mutate(whole, places, chosen)
                if chosen.randrange(20) == 0:
                    del mutated[chosen.randrange(len(mutated)):]
                changed.write_bytes(mutated)
                damaged.check(self, changed, addresses, f"mutation {number} of {program.name}",
                              [os.environ["SONDE"], "symbolize"], (0, 125))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unittest.main(verbosity=2)

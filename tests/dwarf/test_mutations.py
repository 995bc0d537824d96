"""Programs whose debug information was damaged: no crash, no answer that takes long, no memory without bound.

With SONDE_FRAMES_SOAK in the environment more of them.
"""

import random
import resource
import shutil
import tempfile
import unittest
from pathlib import Path

import compare
import damaged
import variants

MUTATIONS = 500 if damaged.SOAK else 50    # Of each program.


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
            sections = damaged.debug_sections(program)
            whole = program.read_bytes()
            addresses = compare.code_addresses(program, 200)
            for number in range(MUTATIONS):
                changed.write_bytes(damaged.mutate(whole, sections, chosen))
                damaged.check(self, changed, addresses, f"mutation {number} of {program.name}")


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    unittest.main(verbosity=2)

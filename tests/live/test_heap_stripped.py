"""Allocators of programs that are stripped: their names are in a separate debug file, or in .gnu_debugdata."""

import json
import lzma
import pathlib
import re
import subprocess

import harness
from harness import LiveTest

SOURCES = pathlib.Path(__file__).parent.parent / "targets"
POOL = ["--allocator", "name=pool_alloc,size=arg1,returns=pointer", "--allocator", "free=pool_free,pointer=arg0"]


class Stripped(LiveTest):
    def make(self, *flags):
        """A program without symbols, and what was taken out of it."""
        whole, program, debug = (self.folder / name for name in ("whole", "program", "taken.debug"))
        subprocess.run(["gcc", "-O1", "-g", *flags, "-o", whole, SOURCES / "pool.c"], check=True)
        subprocess.run(["objcopy", "--only-keep-debug", whole, debug], check=True)
        subprocess.run(["strip", "-o", program, whole], check=True)
        return program, debug

    def put_by_build_id(self, program, debug):
        """A folder for --symbols-from."""
        notes = subprocess.run(["readelf", "-n", program], check=True, capture_output=True, text=True).stdout
        build_id = re.search(r"Build ID: (\w+)", notes).group(1)
        place = self.folder / "debug" / ".build-id" / build_id[:2]
        place.mkdir(parents=True)
        debug.rename(place / f"{build_id[2:]}.debug")
        return self.folder / "debug"

    def calls(self, program, *options):
        """What the program says of its pool, what sonde says of it, and all that sonde says."""
        sonde = self.sonde("run", "--events", "heap", "--format", "json", *options, "--", program)
        status, lines = sonde.finish()
        self.assertEqual(status, 0, sonde.errors())
        said = [tuple(line.split()) for line in lines]
        records = [json.loads(line) for line in sonde.trace().splitlines()]
        told = []
        for record in records:
            if record["kind"] == "alloc" and record["function"] == "pool_alloc":
                told.append(("pool_alloc", str(record["size"]), record["address"]))
            elif record["kind"] == "free" and record["function"] == "pool_free":
                told.append(("free", record["address"]))
        return said, told, records

    def test_named_by_a_debug_file_in_a_folder(self):
        program, debug = self.make("-Wl,--build-id")
        folder = self.put_by_build_id(program, debug)
        said, told, _ = self.calls(program, *POOL, "--symbols-from", folder)
        self.assertEqual(told, said)
        self.assertEqual(len(told), 8)
        self.assertEqual(self.calls(program, *POOL)[1], [])

    def test_the_folder_may_be_a_relative_one(self):
        program, debug = self.make("-Wl,--build-id")
        folder = self.put_by_build_id(program, debug)
        trace = self.folder / "trace"
        subprocess.run([harness.SONDE, "run", "--events", "heap", "-o", trace, *POOL, "--symbols-from", "debug", "--", program],
                       check=True, cwd=folder.parent, stdout=subprocess.DEVNULL)
        self.assertIn("pool_alloc(10)", trace.read_text())

    def test_named_by_a_debug_link(self):
        for flags in ("-Wl,--build-id",), ("-Wl,--build-id=none",):
            with self.subTest(flags):
                program, debug = self.make(*flags)
                subprocess.run(["objcopy", f"--add-gnu-debuglink={debug}", program], check=True)
                said, told, _ = self.calls(program, *POOL)
                self.assertEqual(told, said)
                debug.write_bytes(debug.read_bytes() + b"changed")
                if "none" in flags[0]:
                    self.assertEqual(self.calls(program, *POOL)[1], [])

    def test_named_by_mini_debug_info(self):
        program, debug = self.make()
        mini = self.folder / "mini"
        subprocess.run(["strip", "-g", "-o", mini, debug], check=True)
        packed = self.folder / "mini.xz"
        packed.write_bytes(lzma.compress(mini.read_bytes()))
        subprocess.run(["objcopy", f"--add-section=.gnu_debugdata={packed}", program], check=True)
        said, told, _ = self.calls(program, *POOL)
        self.assertEqual(told, said)

    def test_a_static_program_is_known_without_being_told_of(self):
        program, debug = self.make("-static", "-Wl,--build-id")
        folder = self.put_by_build_id(program, debug)
        _, _, records = self.calls(program, "--symbols-from", folder)
        self.assertIn(("malloc", 4096), [(record["function"], record["size"]) for record in records if record["kind"] == "alloc"])
        _, _, records = self.calls(program)
        self.assertEqual([record for record in records if record["kind"] == "alloc"], [])
        self.assertIn("no function of an allocator was found in this process: nothing of its heap is known",
                      [record["text"] for record in records if record["kind"] == "note"])


if __name__ == "__main__":
    harness.main()

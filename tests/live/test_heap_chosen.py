"""Allocators that are chosen at run time (STT_GNU_IFUNC): what is watched is the function that was chosen."""

import json
import pathlib
import signal
import subprocess

import harness
from harness import LiveTest

SOURCE = pathlib.Path(__file__).parent.parent / "targets" / "chosen.c"
POOL = ["--allocator", "name=pool_alloc,size=arg0,returns=pointer", "--allocator", "free=pool_free,pointer=arg0"]
WHOLE = {"dynamic": [], "at fixed addresses": ["-no-pie"], "bound at once": ["-Wl,-z,now"], "static": ["-static"],
         "static, anywhere": ["-static-pie"], "through pointers": ["-fno-plt", "-Wl,-z,now"]}


class Chosen(LiveTest):
    def compile(self, output, *flags):
        path = self.folder / output
        subprocess.run(["gcc", "-D_GNU_SOURCE", "-O1", "-g", *flags, "-o", path], check=True)
        return path

    def built(self):
        """How each is made, and the program."""
        for how, flags in WHOLE.items():
            yield how, self.compile(how.replace(" ", "-"), SOURCE, *flags)
        pool = self.compile("libpool.so", "-shared", "-fPIC", "-DPART_POOL", SOURCE)
        for binding in "lazy", "now":
            yield f"library, {binding}", self.compile(binding, "-DPART_PROGRAM", SOURCE, pool, f"-Wl,-z,{binding}",
                                                      f"-Wl,-rpath,{self.folder}")

    @staticmethod
    def told(path):
        records = [json.loads(line) for line in path.read_text().splitlines()]
        calls = []
        for record in records:
            if record["kind"] == "alloc" and record["function"] == "pool_alloc":
                calls.append(f"pool_alloc {record['size']} {record['address']}")
            elif record["kind"] == "free" and record["function"] == "pool_free":
                calls.append(f"free {record['address']}")
        return calls, [record["text"] for record in records if record["kind"] == "note"]

    def test_every_call_is_seen_from_the_first_on(self):
        for how, program in self.built():
            with self.subTest(how):
                sonde = self.sonde("run", "--events", "heap", "--format", "json", *POOL, "--", program)
                sonde.ready()
                status, lines = sonde.finish()
                self.assertEqual(status, 0, sonde.errors())
                calls, notes = self.told(sonde.trace_path)
                self.assertEqual(calls, lines)
                self.assertEqual(len(calls), 9)
                self.assertEqual(notes, [])

    def test_what_was_chosen_before_sonde_came(self):
        for how, program in self.built():
            with self.subTest(how):
                target = harness.Program(self, [program, "wait"])
                target.ready()
                target.hear()
                sonde = self.sonde("attach", "--events", "heap", "--format", "json", *POOL, str(target.pid))
                harness.wait_until(lambda: harness.changed_code(target.pid), "there are breakpoints in the target")
                target.say()
                status, lines = target.finish()
                self.assertEqual(status, 0, target.errors())
                self.assertEqual(sonde.status(), 0, sonde.errors())
                calls, notes = self.told(sonde.trace_path)
                self.assertEqual(calls, lines)
                self.assertEqual(len(calls), 8)
                self.assertEqual(notes, [])

    def test_left_behind_as_it_was(self):
        program = self.compile("dynamic", SOURCE)
        target = harness.Program(self, [program, "wait"])
        target.ready()
        target.hear()
        sonde = self.sonde("attach", "--events", "heap", *POOL, str(target.pid))
        harness.wait_until(lambda: harness.changed_code(target.pid), "there are breakpoints in the target")
        sonde.kill(signal.SIGINT)
        self.assertEqual(sonde.status(), 0, sonde.errors())
        self.assertEqual(harness.changed_code(target.pid), [])
        target.say()
        self.assertEqual(target.finish()[0], 0)

    def test_where_it_cannot_be_known_it_is_said(self):
        # Resolvers that leave by a jump, and slots that nobody has filled: pool_alloc is never called through one.
        source = self.folder / "odd.c"
        source.write_text("""
            typedef void* allocate(unsigned long);
            __attribute__((noinline)) allocate* other(void);
            static char block[16];
            static void* take(unsigned long size) { return size > 16 ? 0 : block; }
            __attribute__((naked)) static allocate* choose(void) { __asm__("jmp other"); }
            void* pool_alloc(unsigned long size) __attribute__((ifunc("choose")));
            allocate* other(void) { return take; }
            int main(void) { return take(3) != block; }
        """)
        program = self.compile("odd", source)
        sonde = self.sonde("run", "--events", "heap", "--format", "json", *POOL[:2], "--", program)
        self.assertEqual(sonde.finish()[0], 0, sonde.errors())
        calls, notes = self.told(sonde.trace_path)
        self.assertEqual(calls, [])
        self.assertTrue([note for note in notes if "pool_alloc" in note and "is not watched" in note], notes)


if __name__ == "__main__":
    harness.main()

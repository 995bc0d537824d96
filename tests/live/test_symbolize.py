"""sonde symbolize on real files, held against llvm-symbolizer; and what it says of files that it cannot use."""

import json
import random
import re
import subprocess
import unittest

from harness import LiveTest, SONDE

SOURCE = r"""
#include <stdio.h>
namespace shapes {
inline __attribute__((always_inline)) int square(int x) {
  return x * x;
}
template <typename T> __attribute__((noinline)) T cube(T x) {
  return square(x) * x;
}
}
int main(int argc, char**) {
  return printf("%d\n", shapes::cube(argc));
}
"""


class Symbolize(LiveTest):
    def setUp(self):
        super().setUp()
        (self.folder / "shapes.cpp").write_text(SOURCE)
        self.make("c++ -g -O1 -o program shapes.cpp")
        self.program = self.folder / "program"

    def make(self, command):
        subprocess.run(command, shell=True, check=True, cwd=self.folder, stdout=subprocess.DEVNULL)

    def symbolize(self, *arguments, stdin="", status=0):
        done = subprocess.run([SONDE, "symbolize", *map(str, arguments)], input=stdin, capture_output=True, text=True)
        self.assertEqual(done.returncode, status, done.stderr)
        return done.stdout, done.stderr

    def llvm(self, file, addresses):
        return subprocess.run(["llvm-symbolizer", f"--obj={file}", *addresses], capture_output=True, text=True,
                              check=True).stdout

    def addresses(self, file, section, count):
        """Addresses of a section, the same ones each time."""
        listed = subprocess.run(["readelf", "-SW", file], capture_output=True, text=True, check=True).stdout
        begin, size = re.search(rf" {re.escape(section)} +PROGBITS +([0-9a-f]+) [0-9a-f]+ ([0-9a-f]+)", listed).groups()
        choose = random.Random(7)
        return [hex(int(begin, 16) + choose.randrange(int(size, 16))) for _ in range(count)]

    def test_text_is_that_of_llvm_symbolizer(self):
        listed = subprocess.run(["nm", "-S", self.program], capture_output=True, text=True, check=True).stdout
        begin, size = re.search(r"([0-9a-f]+) ([0-9a-f]+) W _ZN6shapes4cube", listed).groups()
        addresses = [hex(int(begin, 16) + i) for i in range(int(size, 16))]
        text, errors = self.symbolize(self.program, *addresses)
        self.assertEqual(text, self.llvm(self.program, addresses))
        self.assertEqual(errors, "")
        self.assertIn(f"shapes::square(int)\n{self.folder}/shapes.cpp:5:", text)
        self.assertIn(f"int shapes::cube<int>(int)\n{self.folder}/shapes.cpp:8:", text)

    def test_places_in_libc_are_those_of_llvm_symbolizer(self):
        libc = "/usr/lib/x86_64-linux-gnu/libc.so.6"
        addresses = self.addresses(libc, ".text", 300)
        text, _ = self.symbolize(libc, stdin="\n".join(addresses))
        # The outermost function may have several names, of which each tool prefers another.
        inner = [lines.split("\n")[:-2] + lines.split("\n")[-1:] for lines in text.split("\n\n")]
        theirs = [lines.split("\n")[:-2] + lines.split("\n")[-1:]
                  for lines in self.llvm(libc, addresses).split("\n\n")]
        self.assertEqual(inner, theirs)
        self.assertGreater(text.count("malloc.c:"), 2)

    def test_symbols_and_offsets(self):
        text, _ = self.symbolize(self.program, "main")
        self.assertEqual(text.split("\n")[:2], ["main", f"{self.folder}/shapes.cpp:11:28"])
        mangled, _ = self.symbolize("--no-demangle", self.program, "_ZN6shapes4cubeIiEET_S1_+0x2")
        self.assertIn("_ZN6shapes4cubeIiEET_S1_\n", mangled)

    def test_json(self):
        text, _ = self.symbolize("--format", "json", self.program, "_ZN6shapes4cubeIiEET_S1_+2", "0x1")
        known, unknown = map(json.loads, text.splitlines())
        self.assertEqual(known["offset"], 2)
        self.assertEqual(known["frames"][-1]["function"], "int shapes::cube<int>(int)")
        self.assertEqual(known["frames"][-1]["linkage_name"], "_ZN6shapes4cubeIiEET_S1_")
        self.assertEqual(known["frames"][-1]["file"], f"{self.folder}/shapes.cpp")
        self.assertEqual(unknown, {"kind": "location", "address": "0x1", "frames": []})

    def test_each_question_on_standard_input_is_answered_at_once(self):
        with subprocess.Popen([SONDE, "symbolize", self.program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              text=True) as asked:
            for _ in range(3):
                asked.stdin.write("main\n")
                asked.stdin.flush()
                self.assertEqual([asked.stdout.readline() for _ in range(3)][0], "main\n")
            asked.stdin.close()
            self.assertEqual(asked.wait(), 0)

    def test_debug_file_in_a_named_folder(self):
        expected, _ = self.symbolize(self.program, "_ZN6shapes4cubeIiEET_S1_+2")
        listed = subprocess.run(["nm", self.program], capture_output=True, text=True, check=True).stdout
        address = hex(int(re.search(r"([0-9a-f]+) W _ZN6shapes4cube", listed).group(1), 16) + 2)
        self.make("mkdir debug && objcopy --only-keep-debug program debug/program.debug && strip program")
        text, errors = self.symbolize(self.program, address)
        self.assertEqual(text, "??\n??:0:0\n\n")
        self.assert_complaint(errors, str(self.program), "no debug information")
        text, errors = self.symbolize("--symbols-from", self.folder / "debug", self.program, address)
        self.assertEqual((text, errors), (expected, ""))

    def test_what_is_no_address_is_told_and_the_rest_goes_on(self):
        text, errors = self.symbolize(self.program, "no_such_symbol", "main", "0xzz", "main+", status=125)
        self.assertEqual(text.count("\n\n"), 1)
        self.assertEqual(len(errors.splitlines()), 3)
        self.assertIn("no_such_symbol", errors)

    def test_files_that_cannot_be_used(self):
        self.make("cc -x c -c -o object.o /dev/null && head -c 5000 program > cut && echo text > text && "
                  "mkfifo pipe && printf '\\267' | dd of=program bs=1 seek=18 conv=notrunc status=none")
        for name, words in (("absent", "No such file"), ("object.o", "linked"), ("cut", "damaged"), ("text", "no ELF file"),
                            ("pipe", "no regular file"), ("", "no regular file"), ("program", "another machine")):
            _, errors = self.symbolize(self.folder / name, "main", status=125)
            self.assert_complaint(errors, name, words)
        _, errors = self.symbolize("--symbols-from", "/no/such/folder", SONDE, "main", status=125)
        self.assert_complaint(errors, "/no/such/folder")

    def test_output_that_ends(self):
        done = subprocess.run(f"yes main | '{SONDE}' symbolize '{self.program}' | head -n 1", shell=True,
                              capture_output=True, text=True)
        self.assertEqual((done.stdout, done.stderr), ("main\n", ""))


if __name__ == "__main__":
    unittest.main()

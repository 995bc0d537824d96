#!/usr/bin/env python3
"""Whether suppressions hide for sonde what they hide for valgrind and LeakSanitizer: both tools are run on a program that
leaks, with suppressions made up at random from its stacks, and what they leave out is held against what sonde matches.

usage: compare_tools.py MATCH SOURCE RUNS
"""

import random
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

LIMIT = 120


def run(command, **options):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=LIMIT, **options)


class Tool:
    """A way to run the program, and the stacks that it shows without suppressions: {bytes: [frame]}; a frame is a dict."""

    def __init__(self, folder, source, random_numbers):
        self.folder = folder
        self.random = random_numbers
        self.program = folder / f"leaking-{type(self).__name__}"
        self.build(source)
        self.stacks = self.look()

    def sonde(self, match, file):
        lines = []
        for size, frames in self.stacks.items():
            lines.append(f"leak {size}")
            lines += ["\t".join(str(frame.get(key, "")) for key in
                                ("linkage_name", "function", "file", "line", "module", "inlined")) for frame in frames]
        done = run([match, file], input="\n".join(lines) + "\n")
        if done.returncode not in (0, 1):
            raise AssertionError(f"{match} ended with {done.returncode}: {done.stderr}")
        return None if done.returncode else {int(line) for line in done.stdout.split()}

    def some_frame(self):
        return self.random.choice(self.random.choice(list(self.stacks.values())))

    def with_stars(self, text, stars):
        """The text with some of it replaced."""
        for _ in range(self.random.choice((0, 0, 1, 1, 2, 3))):
            begin = self.random.randrange(len(text) + 1)
            end = min(len(text), begin + self.random.choice((0, 1, 1, 2, 5, 30)))
            text = text[:begin] + self.random.choice(stars) + text[end:]
        return text


class Valgrind(Tool):
    def build(self, source):
        subprocess.run(["g++", "-g", "-O1", "-fno-optimize-sibling-calls", "-o", self.program, source, "-lpthread"], check=True)

    def options(self):
        return ["valgrind", "-q", "--leak-check=full", "--errors-for-leak-kinds=none", "--read-inline-info=yes",
                "--num-callers=30", "--default-suppressions=no"]

    def look(self):
        report = self.folder / "valgrind.xml"
        run([*self.options(), "--demangle=no", "--show-below-main=yes", "--xml=yes", f"--xml-file={report}", self.program],
            check=True)
        stacks = {}
        for error in xml.etree.ElementTree.parse(report).getroot().iter("error"):
            frames = []
            for frame in error.find("stack").iter("frame"):
                made = {"linkage_name": frame.findtext("fn", ""), "module": frame.findtext("obj", ""),
                        "file": frame.findtext("file", ""), "line": frame.findtext("line", ""), "ip": frame.findtext("ip")}
                # Calls that were inlined have the address of the function that they are part of.
                if frames and frames[-1]["ip"] == made["ip"]:
                    frames[-1].update(inlined=1, function=frames[-1]["linkage_name"], linkage_name="")
                frames.append(made)
            stacks[int(error.findtext("xwhat/leakedbytes"))] = frames
        return stacks

    def hidden(self, file):
        done = run([*self.options(), f"--suppressions={file}", self.program])
        if "FATAL" in done.stderr:
            return None
        return set(self.stacks) - {int(size) for size in re.findall(r"== (\d+) bytes in \d+ blocks are", done.stderr)}

    def place(self, frame, inlined_before):
        names = ["fun:" + (frame["linkage_name"] or frame.get("function") or "???")] * 4
        names.append("obj:" + (frame["module"] or "???"))
        # valgrind is off by the number of inlined calls there: see docs/suppressions.md.
        if frame["file"] and not inlined_before:
            names.append(f"src:{frame['file']}" + self.random.choice(("", f":{frame['line']}", ":1")))
        kind, name = self.random.choice(names).split(":", 1)
        name, colon, line = name.partition(":") if kind == "src" else (name, "", "")
        return f"{kind}:{self.with_stars(name, '*?*')}{colon}{line}"

    def make(self):
        frames = self.random.choice(list(self.stacks.values()))
        lines = []
        inlined = False
        for frame in frames[:self.random.choice((1, 2, 3, 4, 6, 20))]:
            what = self.random.random()
            if what < 0.2:
                lines.append("...")
            if what > 0.15:
                lines.append(self.place(frame if what < 0.97 else self.some_frame(), inlined))
            inlined = inlined or "inlined" in frame
        if self.random.random() < 0.3:
            lines.insert(0, "...")
        kinds = self.random.choice(([], ["match-leak-kinds: definite"], ["match-leak-kinds:reachable,possible"],
                                    ["match-leak-kinds: all"], ["match-leak-kinds: indirect,,definite"]))
        # Without this line valgrind 3.19 does not take src: for the first place.
        if lines and lines[0].startswith("src:") and not kinds:
            kinds = ["match-leak-kinds: all"]
        return "\n".join(["{", "name", "Memcheck:Leak", *kinds, *lines, "}", ""])


class LeakSanitizer(Tool):
    def build(self, source):
        subprocess.run(["clang++", "-g", "-O1", "-fno-omit-frame-pointer", "-fno-optimize-sibling-calls", "-fsanitize=leak",
                        "-o", self.program, source, "-lpthread"], check=True)

    def report(self, options):
        return run([self.program], env={"LSAN_OPTIONS": options, "PATH": "/usr/bin:/bin"}).stderr

    def look(self):
        stacks = {}
        frames = []
        for line in self.report("stack_trace_format='FRAME%f\t%s\t%l\t%m'").split("\n"):
            leak = re.match(r"(?:Direct|Indirect) leak of (\d+) byte", line)
            if leak:
                frames = stacks.setdefault(int(leak.group(1)), [])
            elif line.startswith("FRAME"):
                function, file, number, module = line[5:].split("\t")
                # The report leaves out the "./" that a name begins with; what is matched has it.
                file = file.replace("<null>", "")
                frames.append({"function": function, "file": "./" + file if file and file[0] != "/" else file,
                               "line": number, "module": module})
        return stacks

    def hidden(self, file):
        text = self.report(f"suppressions={file}:print_suppressions=0")
        if "failed to parse" in text:
            return None
        return set(self.stacks) - {int(size) for size in re.findall(r"leak of (\d+) byte", text)}

    def make(self):
        # The innermost frame is LeakSanitizer's own, and shown by another name than it is matched by.
        frames = self.random.choice(list(self.stacks.values()))[1:]
        frame = self.random.choice(frames)
        name = self.random.choice([frame["function"]] * 3 + [frame["file"] or "x", frame["module"]])
        begin = self.random.choice((0, 0, self.random.randrange(len(name) + 1)))
        end = self.random.choice((len(name), len(name), self.random.randrange(len(name) + 1)))
        pattern = self.with_stars(name[begin:end], "*?$^*")
        return f"leak:{self.random.choice(('', '^', '*'))}{pattern}{self.random.choice(('', '$', '*'))}\n"


def compare(tool, match, runs):
    file = tool.folder / "made.supp"
    hid = differences = 0
    for _ in range(runs):
        text = tool.make()
        file.write_text(text)
        theirs, ours = tool.hidden(file), tool.sonde(match, file)
        hid += bool(theirs)
        if theirs != ours:
            differences += 1
            print(f"{text}{type(tool).__name__} hides {theirs and sorted(theirs)}, sonde {ours and sorted(ours)}\n")
    print(f"{type(tool).__name__}: {len(tool.stacks)} stacks, {runs} suppressions, of which {hid} hide something; "
          f"{differences} differences")
    return differences, len(tool.stacks), hid


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    match, source, runs = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    wrong = False
    with tempfile.TemporaryDirectory(prefix="sonde-suppress-") as folder:
        for kind, share in ((LeakSanitizer, runs), (Valgrind, runs)):
            differences, stacks, hid = compare(kind(Path(folder), source, random.Random(2026)), match, share)
            wrong |= differences != 0 or stacks < 12 or hid < runs // 10
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

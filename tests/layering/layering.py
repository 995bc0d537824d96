#!/usr/bin/env python3
"""Checks the rules of docs/architecture.md on the source tree: which layer may include what, and what is in one
place alone. Prints each violation as FILE:LINE: RULE, and ends with 1 when there is any.

usage: layering.py TREE
"""

import re
import sys
from pathlib import Path

# What each outside library is for: the layers that alone may include it (None: all), which must use it as soon as they
# exist, and must name it among the PACKAGES of their sonde_layer(). Used is what is included and also called by its name.
LIBRARIES = [
    ("CLI11", re.compile(r"^CLI/"), {"cli"}, "CLI11", r"\bCLI::"),
    ("fmt", re.compile(r"^fmt/"), None, "fmt", r"\bfmt::"),
    ("RE2", re.compile(r"^re2/"), {"filter"}, "RE2", r"\bRE2\b"),
    ("zstd", re.compile(r"^zstd"), {"event", "elf"}, "ZSTD", r"\bZSTD_"),
    ("libdeflate", re.compile(r"^libdeflate"), {"elf"}, "DEFLATE", r"\blibdeflate_"),
    ("liblzma", re.compile(r"^lzma"), {"elf"}, "LZMA", r"\blzma_"),
    ("expected", re.compile(r"^tl/"), {"base"}, "tl::expected", r"\btl::"),
    ("libelfin's libelf++", re.compile(r"^elf/"), {"elf"}, "ELFIN", r"\belf::"),
    ("libelfin's libdwarf++", re.compile(r"^dwarf/"), {"verify"}, "ELFIN", r"\bdwarf::"),
    ("libiberty", re.compile(r"^libiberty/"), {"names"}, "IBERTY", r"\b(?:cplus_demangle|rust_demangle)"),
    ("capstone", re.compile(r"^capstone"), {"arch"}, "CAPSTONE", r"\bcs_"),
]
# These reach a tracee: the layers of PURE must not stand on any of them.
TOUCHING = {"ptrace", "memory", "process", "record"}
PURE = {"base", "syscall", "event", "filter", "decode", "analysis", "stacks", "suppress", "leaks", "output",
        "arch", "elf", "unwind", "dwarf", "names", "verify", "glibc_heap"}

WAIT = re.compile(r"(?<![\w.>])(?:::)?(?:wait3|wait4|waitpid|waitid)\s*\(|(?<!\w)::wait\s*\(|\bSYS_wait")
PRINTING = re.compile(r"\bstd::c(?:out|err|log)\b|(?:\bstd::|(?<!\w)::)exit\s*\(|(?:std::|(?<![\w.>:]))(?:printf|puts)\s*\(")
PTRACE_HEADER = {"sys/ptrace.h", "linux/ptrace.h"}
# The build takes everything from the distribution's packages.
FETCHING = re.compile(r"FetchContent|ExternalProject|file\s*\(\s*DOWNLOAD|\b(?:curl|wget)\b|\bpip3?\s+install|"
                      r"\b(?:pypi\.org|npmjs\.(?:org|com)|crates\.io|rubygems\.org|golang\.org|conan\.io|"
                      r"github\.com/[\w.-]+/[\w.-]+/releases)", re.IGNORECASE)


def read(path):
    return path.read_text(encoding="utf-8", errors="replace")


def without_comments_and_strings(text):
    """The code alone, with every line where it was. Includes survive: their quotes are kept."""
    pattern = re.compile(r'//[^\n]*|/\*.*?\*/|^[ \t]*#[ \t]*include[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'',
                         re.DOTALL | re.MULTILINE)

    def blank(match):
        found = match.group(0)
        if "include" in found and found.lstrip().startswith("#"):
            return found
        return "\n" * found.count("\n") or " "

    return pattern.sub(blank, text)


class Tree:
    def __init__(self, root):
        self.root = root
        self.violations = []
        self.layers = {}    # name -> (folder, DEPENDS, PACKAGES)
        self.read_layers()

    def violation(self, path, line, rule):
        self.violations.append(f"{path.relative_to(self.root)}:{line}: {rule}")

    def read_layers(self):
        text = re.sub(r"#[^\n]*", "", read(self.root / "tracer/CMakeLists.txt"))
        for words in re.findall(r"sonde_layer\(([^)]*)\)", text):
            name, *rest = words.split()
            parts = {"FOLDER": [], "DEPENDS": [], "PACKAGES": []}
            into = []
            for word in rest:
                into = parts.get(word, into)
                if word not in parts:
                    into.append(word)
            folder = self.root / (parts["FOLDER"][0] if parts["FOLDER"] else f"tracer/{name}")
            self.layers[name] = (folder, parts["DEPENDS"], parts["PACKAGES"])

    def reach(self, name):
        """The layers that `name` may use: what it depends on, and what those stand on."""
        found = set()
        todo = list(self.layers[name][1])
        while todo:
            layer = todo.pop()
            if layer not in found:
                found.add(layer)
                todo += self.layers.get(layer, (None, [], []))[1]
        return found

    def sources(self, *folders):
        for folder in folders:
            for path in sorted((self.root / folder).rglob("*")):
                if path.suffix in {".cpp", ".hpp", ".h", ".c", ".def", ".inc"} and path.is_file():
                    yield path

    def includes(self, path):
        for number, line in enumerate(without_comments_and_strings(read(path)).split("\n"), 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                yield number, match.group(1) == "<", match.group(2)

    def check_declarations(self):
        cmake = self.root / "tracer/CMakeLists.txt"
        seen = set()
        for name, (folder, depends, _) in self.layers.items():
            for layer in depends:
                if layer not in seen:
                    self.violation(cmake, 1, f"layer {name} depends on {layer}, which is not declared above it")
            seen.add(name)
            if not folder.is_dir():
                self.violation(cmake, 1, f"layer {name} has no folder")
        for name in PURE & set(self.layers):
            for layer in sorted(self.reach(name) & TOUCHING):
                self.violation(cmake, 1, f"layer {name} reaches {layer}, which touches tracees")
        declared = {folder for folder, _, _ in self.layers.values()}
        for folder in sorted((self.root / "tracer").iterdir()):
            if folder.is_dir() and folder not in declared:
                self.violation(cmake, 1, f"folder tracer/{folder.name} is no declared layer")
        for folder in sorted((self.root / "include/sonde").iterdir()):
            if folder.is_dir() and folder.name not in self.layers:
                self.violation(cmake, 1, f"folder include/sonde/{folder.name} belongs to no declared layer")

    def layer_files(self, name):
        yield from self.sources(self.layers[name][0], self.root / "include/sonde" / name)

    def check_includes(self):
        for name in self.layers:
            allowed = self.reach(name) | {name}
            for path in self.layer_files(name):
                for number, angled, header in self.includes(path):
                    parts = header.split("/")
                    if header.startswith("sonde/") and parts[1] not in allowed:
                        self.violation(path, number, f"layer {name} may not include {header}")
                    elif not angled and parts[0] in self.layers and parts[0] != name:
                        self.violation(path, number, f"{header} is private to layer {parts[0]}")
                    if angled and header in PTRACE_HEADER and name != "ptrace":
                        self.violation(path, number, f"<{header}> is for tracer/ptrace alone")
                    if angled and header.startswith("doctest"):
                        self.violation(path, number, "doctest is for tests alone")
                    for what, pattern, homes, *_ in LIBRARIES:
                        if angled and homes and pattern.match(header) and name not in homes:
                            self.violation(path, number, f"{what} is for layer {', '.join(sorted(homes))} alone")

    def uses(self, path, header, name):
        """Whether a file includes a header of a library and has its name in the code."""
        if not any(angled and header.match(included) for _, angled, included in self.includes(path)):
            return False
        code = without_comments_and_strings(read(path))
        return re.search(name, re.sub(r"^[ \t]*#[ \t]*include[^\n]*", "", code, flags=re.MULTILINE)) is not None

    def check_libraries_are_used(self):
        cmake = self.root / "tracer/CMakeLists.txt"
        for what, header, homes, package, name_in_code in LIBRARIES:
            users = {name for name in self.layers for path in self.layer_files(name) if self.uses(path, header, name_in_code)}
            for name in sorted((homes or {"base"}) & set(self.layers)):
                if homes and name not in users:
                    self.violation(cmake, 1, f"{what} is meant for layer {name}, which does not use it")
                if not any(package.lower() in p.lower() for p in self.layers[name][2]):
                    self.violation(cmake, 1, f"layer {name} does not name {what} among its PACKAGES")
            if not homes and len(users) < 2:
                self.violation(cmake, 1, f"{what} is hardly used")
        for name in self.layers:
            tests = self.sources(self.root / "tests/unit" / name)
            if (self.root / "tests/unit" / name).is_dir() and not any(
                    self.uses(path, re.compile(r"^doctest/"), r"\bTEST_CASE") for path in tests):
                self.violation(cmake, 1, f"no unit test of layer {name} uses doctest")
        if not any(self.uses(path, re.compile(r"^doctest/"), r"\bTEST_CASE") for path in self.sources("tests/unit")):
            self.violation(cmake, 1, "no unit test uses doctest")

    def check_one_place(self):
        home = self.root / "tracer/ptrace/wait.cpp"
        for name in self.layers:
            for path in self.layer_files(name):
                if path.suffix in {".def", ".inc"}:
                    continue
                code = without_comments_and_strings(read(path))
                for number, line in enumerate(code.split("\n"), 1):
                    if WAIT.search(line) and path != home:
                        self.violation(path, number, "only tracer/ptrace/wait.cpp waits for processes")
                    if name != "cli" and PRINTING.search(line):
                        self.violation(path, number, "only cli prints to a person or exits")

    def check_headers(self):
        for path in self.sources("include", "tracer", "tests/unit"):
            if path.suffix == ".hpp" and "#pragma once" not in read(path):
                self.violation(path, 1, "a header without #pragma once")

    def check_nothing_is_fetched(self):
        here = {"layering.py", "layering_test.py"}
        files = [p for pattern in ("CMakeLists.txt", "tracer/CMakeLists.txt", "tests/**/CMakeLists.txt", "fuzz/CMakeLists.txt",
                                   "cmake/**/*", "scripts/*", ".ci/*", "bench/*", "tests/**/*.py")
                 for p in self.root.glob(pattern)]
        for path in sorted(set(files)):
            if not path.is_file() or path.name in here:
                continue
            for number, line in enumerate(read(path).split("\n"), 1):
                if FETCHING.search(line):
                    self.violation(path, number, "the build takes what it needs from the distribution alone")

    def check(self):
        self.check_declarations()
        self.check_includes()
        self.check_libraries_are_used()
        self.check_one_place()
        self.check_headers()
        self.check_nothing_is_fetched()
        return self.violations


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    tree = Tree(Path(sys.argv[1]).resolve())
    violations = tree.check()
    for line in violations:
        print(line)
    print(f"{len(tree.layers)} layers, {len(violations)} violations")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Makes the tables of named constants: reads constants.spec, asks the C compiler what each name is worth, and writes

    sets.cpp   each set, and the list of them
    sets.hpp   their declarations
    names.hpp  all constants by name, for a lookup that the compiler can do as well
    calls.inc  the system calls of the kernel headers, as CALL(abi, number, name)

    constants.py --cc CC --spec constants.spec --into FOLDER
"""

import argparse
import fnmatch
import os
import re
import subprocess
import sys
import tempfile

HEADER = "// Written by tracer/syscall/constants.py from constants.spec and the system's headers.\n"
IDENTIFIER = re.compile(r"[A-Za-z_]\w*\Z")


class Name:
    """One item of a list of names: what to print, and the C expression that it is worth."""

    def __init__(self, text):
        self.optional = text.endswith("?") and "=" not in text
        text = text.rstrip("?") if self.optional else text
        self.text, _, literal = text.partition("=")
        self.literal = literal  # For when the headers do not have it.


class Part:
    def __init__(self, kind, mask="0", unknown="", options=()):
        self.kind, self.mask, self.unknown, self.options = kind, mask, unknown, options
        self.items = []
        self.constants = []


class Set:
    def __init__(self, name, flags, unknown, options, headers):
        self.name, self.flags, self.unknown, self.headers = name, flags, unknown, headers
        self.bits = 64 if "64" in options else 32
        self.parts = []
        self.wholes = []
        if not flags:
            self.parts.append(Part("choice", "-1", unknown, options))


def remark(word):
    return "" if word == "-" else word


def parse(path):
    sets, headers, current, part = [], [], None, None
    for number, line in enumerate(open(path), 1):
        line = line.split("#")[0].rstrip()
        if not line:
            continue
        words = line.split()
        if not line[0].isspace():
            if words[0] == "headers":
                headers = words[1:]
                continue
            if words[0] == "names":
                current = Set(None, False, "", ["64"], headers)
            elif words[0] in ("enum", "flags"):
                current = Set(words[1], words[0] == "flags", remark(words[2]), words[3:], headers)
            else:
                sys.exit(f"{path}:{number}: neither headers, enum, flags nor names: {line}")
            sets.append(current)
            part = current.parts[0] if current.parts else None
            continue
        head, colon, rest = line.partition(":")
        words = head.split()
        if colon and words[0] == "bits":
            part = Part("bits", unknown=current.unknown)
            current.parts.append(part)
            part.items += rest.split()
        elif colon and words[0] == "choice":
            part = Part("choice", words[1], remark(words[2] if len(words) > 2 else "-"), words[3:])
            current.parts.append(part)
            part.items += rest.split()
        elif colon and words[0] == "whole":
            current.wholes += rest.split()
        elif words[0] == "shifted":
            current.parts.append(Part("shifted", words[1], words[2]))
        elif words[0] in ("octal", "decimal", "hex"):
            current.parts.append(Part(words[0], words[1], "".join(words[2:])))
        else:
            if part is None or (current.flags and part.kind != "bits"):
                part = Part("bits", unknown=current.unknown)
                current.parts.append(part)
            part.items += line.split()
    for s in sets:
        if s.flags and not any(p.kind == "bits" for p in s.parts):
            s.parts.append(Part("bits", unknown=s.unknown))
    return sets


class Headers:
    """What one list of headers has: macros and enumerators, and what they are worth."""

    def __init__(self, cc, names):
        self.cc = cc
        self.include = "".join(f"#include <{name}>\n" for name in names)
        text = self.run(["-E", "-dD"])
        self.known = set()
        for line in text.splitlines():
            if match := re.match(r"#define (\w+) \S", line):
                self.known.add(match[1])
            elif match := re.match(r"#undef (\w+)", line):
                self.known.discard(match[1])
        code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        for body in re.findall(r"\benum\b[^{};()]*\{([^}]*)\}", code):
            self.known.update(re.findall(r"(?:\A|,)\s*([A-Za-z_]\w*)", body))

    def run(self, options, program=None):
        source = (program or self.include)
        result = subprocess.run([self.cc, "-x", "c", "-w", *options, "-"], input=source, capture_output=True, text=True)
        if result.returncode != 0:
            sys.exit(f"{self.cc} cannot compile the headers\n{self.include}\n{result.stderr}")
        return result.stdout

    def values(self, expressions):
        """What each expression is worth, as a 64-bit number."""
        if not expressions:
            return []
        rows = "".join(f'  p((unsigned long long)({e}));\n' for e in expressions)
        program = (self.include + "int printf(const char *, ...);\n"
                   'static void p(unsigned long long v) { printf("%llu\\n", v); }\n'
                   "int main(void) {\n" + rows + "  return 0;\n}\n")
        with tempfile.TemporaryDirectory() as folder:
            binary = os.path.join(folder, "values")
            self.run(["-o", binary], program)
            out = subprocess.run([binary], capture_output=True, text=True, check=True).stdout
        return [int(line) for line in out.split()]


def expand(items, known, where, missing):
    """The names that a list stands for, in order, each with the expression that it is worth."""
    listed = [Name(i) for i in items if not i.startswith("!")]
    excluded = [i[1:] for i in items if i.startswith("!")]
    explicit = {n.text for n in listed}
    for name in listed:
        if "*" in name.text:
            for match in sorted(known):
                if fnmatch.fnmatchcase(match, name.text) and match not in explicit and not any(
                        fnmatch.fnmatchcase(match, e) for e in excluded):
                    explicit.add(match)
                    yield match, match
        elif name.literal and name.text not in known:
            yield name.text.replace("~", " "), name.literal
        elif all(word in known or word[0].isdigit() for word in name.text.split("|")):
            yield name.text, name.text
        elif not name.optional:
            missing.append(f"{where}: the headers have no {name.text}")


def evaluate(sets, cc):
    """Fills in each part's constants and masks."""
    by_headers = {}
    missing = []
    for s in sets:
        by_headers.setdefault(tuple(s.headers), []).append(s)
    named = {s.name: s for s in sets}
    for names, group in by_headers.items():
        headers = Headers(cc, names)
        requests = []
        for s in group:
            whole = Part("choice", "-1")
            whole.items = s.wholes
            s.whole = whole
            for part in s.parts + [whole]:
                if part.items and part.items[0].startswith("@"):
                    part.same_as = named[part.items[0][1:]].parts[0]
                    part.items = []
                requests.append((part, "mask", None, part.mask))
                for text, expression in expand(part.items, headers.known, s.name, missing):
                    requests.append((part, "constant", text, expression))
        if missing:
            continue
        for (part, what, text, _), value in zip(requests, headers.values([r[3] for r in requests])):
            if what == "mask":
                part.mask = value
            else:
                part.constants.append((text, value))
        for s in group:
            width = (1 << s.bits) - 1
            for part in s.parts + [s.whole]:
                part.mask &= width
                if part.kind == "bits":  # 1 << 31 is an int in C, but no flag is negative.
                    part.constants = [(t, v & 0xffffffff if v >> 31 == 0x1ffffffff else v) for t, v in part.constants]
                part.constants = [(text, value & width) for text, value in part.constants]
    if missing:
        sys.exit("constants.spec: " + "\nconstants.spec: ".join(missing))


def tidy(sets):
    """Sorts what is looked up by value, and gives to the bits of a set what no other part claims."""
    for s in sets:
        claimed = 0
        for part in s.parts:
            if hasattr(part, "same_as"):
                part.constants = part.same_as.constants
            if part.kind == "choice" and s.name:
                first = {}
                for text, value in part.constants:
                    first.setdefault(value, text)
                part.constants = sorted(((t, v) for v, t in first.items()), key=lambda c: c[1])
            if part.kind != "bits":
                claimed |= part.mask
        for part in s.parts:
            if part.kind == "bits":
                part.mask = ((1 << s.bits) - 1) & ~claimed
        s.parts = [part for part in s.parts if part.mask or not s.name]


def quoted(text):
    # No trigraphs: "O_???" would not survive as it is under -trigraphs, and -Wtrigraphs says so.
    return '"' + text.replace("?", "\\?") + '"'


def table(name, constants):
    rows = "".join(f"    {{{quoted(text)}, {value:#x}}},\n" for text, value in constants)
    return f"constexpr std::array<Constant, {len(constants)}> {name}{{{{\n{rows}}}}};\n"


def write_source(path, sets):
    out = [HEADER + '#include "sonde/syscall/constants.hpp"\n#include "syscall/sets.hpp"\n\n#include <array>\n\n'
           "namespace sonde::syscall {\n\nnamespace {\n\n"]
    definitions = []
    for s in sets:
        if not s.name:
            continue
        parts = []
        for i, part in enumerate(s.parts):
            values = "{}"
            if part.constants:
                values = f"{s.name}_{i}"
                out.append(table(values, part.constants))
            flags = ", ".join(str(option in part.options).lower() for option in ("lenient", "decimal", "comment"))
            parts.append(f"    {{PartKind::{part.kind}, {flags}, {part.mask:#x}, {quoted(part.unknown)}, {values}}},\n")
        whole = "{}"
        if s.whole.constants:
            whole = f"{s.name}_whole"
            out.append(table(whole, s.whole.constants))
        out.append(f"constexpr std::array<Part, {len(parts)}> {s.name}_parts{{{{\n{''.join(parts)}}}}};\n\n")
        main = next((i for i, p in enumerate(s.parts) if p.kind == ("bits" if s.flags else "choice")), 0)
        values = f"{s.name}_{main}" if s.parts[main].constants else "{}"
        definitions.append(f"constexpr ConstantSet {s.name}{{{quoted(s.name)}, {str(s.flags).lower()}, {s.bits}, "
                           f"{values}, {s.name}_parts, {whole}}};\n")
    out.append("}  // namespace\n\nnamespace sets {\n\n")
    out += definitions
    out.append("\n}  // namespace sets\n\n")
    names = sorted(s.name for s in sets if s.name)
    out.append(f"namespace {{\n\nconstexpr std::array<const ConstantSet*, {len(names)}> all_sets{{{{\n")
    out += [f"    &sets::{name},\n" for name in names]
    out.append("}};\n\n")
    out.append("}  // namespace\n\n"
               "std::span<const ConstantSet* const> constant_sets() { return all_sets; }\n"
               "\n"
               "}  // namespace sonde::syscall\n")
    write(path, "".join(out))


def by_name(sets):
    """All constants that are words, sorted; the first set that has a name decides."""
    worth = {}
    for s in sets:
        for part in s.parts:
            for text, value in part.constants:
                if IDENTIFIER.match(text):
                    worth.setdefault(text, value)
    return sorted(worth.items())


def write_names(path, sets):
    write(path, HEADER + "#pragma once\n\n#include <array>\n\n"
          '#include "sonde/syscall/constants.hpp"\n\nnamespace sonde::syscall {\n\ninline ' +
          table("all_constants", by_name(sets)) + "\n}  // namespace sonde::syscall\n")


def write_header(path, sets):
    names = "".join(f"extern const ConstantSet {s.name};\n" for s in sets if s.name)
    write(path, HEADER + "#pragma once\n\n"
          '#include "sonde/syscall/constants.hpp"\n\nnamespace sonde::syscall::sets {\n\n' + names +
          "\n}  // namespace sonde::syscall::sets\n")


def write_calls(path, cc):
    """The calls that the installed kernel headers know, as CALL(abi, number, name)."""
    out = []
    for abi, header in (("x86_64", "asm/unistd_64.h"), ("i386", "asm/unistd_32.h")):
        text = Headers(cc, [header]).run(["-E", "-dM"])
        calls = re.findall(r"#define __NR_(\w+) (\d+)$", text, re.MULTILINE)
        out += [f"CALL({abi}, {nr}, {name})\n" for name, nr in sorted(calls, key=lambda c: int(c[1]))]
    write(path, "".join(out))


def write(path, text):
    with open(path, "w") as file:
        file.write(text)


def main():
    parser = argparse.ArgumentParser()
    for option in ("cc", "spec", "into"):
        parser.add_argument("--" + option, required=True)
    options = parser.parse_args()
    sets = parse(options.spec)
    evaluate(sets, options.cc)
    tidy(sets)
    write_source(os.path.join(options.into, "sets.cpp"), sets)
    write_header(os.path.join(options.into, "sets.hpp"), sets)
    write_names(os.path.join(options.into, "names.hpp"), sets)
    write_calls(os.path.join(options.into, "calls.inc"), options.cc)


if __name__ == "__main__":
    main()

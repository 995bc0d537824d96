#!/usr/bin/env python3
"""Checks SECURITY.md against the tree: it quotes every limit of include/sonde/base/limits.hpp with its value and no other,
and names every fuzz target of fuzz/CMakeLists.txt. Of the libraries that its table of dependencies has, docs/copyright
has the notice of each that the program holds.

A limit is quoted by a table row: | `name` | 8 MiB | what it bounds |

usage: security.py TREE
"""

import re
import sys
from pathlib import Path

DECLARATION = re.compile(r"inline\s+constexpr\s+[\w:]+\s+(\w+)\s*=\s*([^;]+);")
ROW = re.compile(r"^\|\s*`(\w+)`\s*\|\s*([\d,]+)(?:\s*(bytes|KiB|MiB|GiB|s|ms))?\s*\|", re.MULTILINE)
LIBRARIES = re.compile(r"^\|([^|]+)\|([^|]+)\|[^|]*\|([^|]*)\|$", re.MULTILINE)
UNITS = {"": 1, "bytes": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "s": 1, "ms": 1}


def value(expression):
    """The value of an integer expression as limits.hpp writes them: std::size_t{8} << 20, 64 << 10, 4096."""
    plain = re.sub(r"std::\w+\{([^{}]*)\}", r"(\1)", expression)
    plain = re.sub(r"(?<=\d)'(?=\d)|(?<=\d)[uUlL]+\b", "", plain)
    if not re.fullmatch(r"[\d\s()<>+*-]+", plain):
        raise ValueError(f"limits.hpp: cannot read the value '{expression}'")
    return int(eval(" ".join(plain.split()), {"__builtins__": {}}))  # Digits and operators alone, as just checked.


def held(text):
    """The libraries of the table of dependencies that are part of the program."""
    for names, purpose, why in LIBRARIES.findall(text.partition("| library |")[2].partition("\n\n")[0]):
        if "not in the program" in why or "loaded when" in purpose + why or set(names) <= set("- "):
            continue
        yield from (re.sub(r"\(.*", "", name).strip() for name in names.split(","))


def problems(tree):
    header = re.sub(r"//[^\n]*", "", (tree / "include/sonde/base/limits.hpp").read_text())
    text = (tree / "SECURITY.md").read_text()
    limits = {name: value(expression) for name, expression in DECLARATION.findall(header)}
    quoted = {name: int(number.replace(",", "")) * UNITS[unit] for name, number, unit in ROW.findall(text)}
    if not limits:
        yield "limits.hpp: no limit found"
    for name, bound in limits.items():
        if name not in quoted:
            yield f"SECURITY.md does not quote the limit {name} ({bound})"
        elif quoted[name] != bound:
            yield f"SECURITY.md quotes {name} as {quoted[name]}; it is {bound}"
    for name in sorted(set(quoted) - set(limits)):
        yield f"SECURITY.md quotes {name}, which limits.hpp does not have"
    for target in re.findall(r"^sonde_fuzz\((\w+)", (tree / "fuzz/CMakeLists.txt").read_text(), re.MULTILINE):
        if f"`{target}`" not in text:
            yield f"SECURITY.md does not name the fuzz target {target}"
    notices = (tree / "docs/copyright").read_text()
    libraries = set(held(text))
    if not libraries:
        yield "SECURITY.md: no library found"
    for library in sorted(libraries):
        if not re.search(rf"^Files: {re.escape(library)}/", notices, re.MULTILINE):
            yield f"docs/copyright has no notice of {library}, which is part of the program"


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    found = list(problems(Path(sys.argv[1])))
    print("\n".join(found) or "SECURITY.md agrees with the tree")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Each rule of layering.py finds what breaks it: a small right tree passes, and each wrong line put into it is told.

usage: layering_test.py
"""

import sys
import tempfile
from pathlib import Path

from layering import Tree

RIGHT = {
    "CMakeLists.txt": "",
    "tracer/CMakeLists.txt": """
sonde_layer(base PACKAGES fmt::fmt tl::expected)
sonde_layer(event DEPENDS base PACKAGES PkgConfig::ZSTD)
sonde_layer(filter DEPENDS event PACKAGES PkgConfig::RE2)   # sonde_layer(none DEPENDS cli)
sonde_layer(ptrace DEPENDS base)
sonde_layer(cli DEPENDS ptrace filter PACKAGES CLI11::CLI11)
""",
    "include/sonde/base/result.hpp": "#pragma once\n#include <tl/expected.hpp>\nusing A = tl::expected<int, int>;\n",
    "include/sonde/event/event.hpp": '#pragma once\n#include "sonde/base/result.hpp"\n',
    "include/sonde/filter/filter.hpp": '#pragma once\n#include "sonde/event/event.hpp"\n',
    "include/sonde/ptrace/wait.hpp": '#pragma once\n// wait4() is called in wait.cpp.\n',
    "include/sonde/cli/cli.hpp": "#pragma once\n",
    "tracer/base/result.cpp": "#include <fmt/format.h>\nauto a = fmt::format(\"\");\n",
    "tracer/event/event.cpp": "#include <zstd.h>\n#include <fmt/format.h>\nauto a = fmt::format(\"{}\", ZSTD_maxCLevel());\n",
    "tracer/event/inner.hpp": "#pragma once\n",
    "tracer/filter/filter.cpp": '#include <re2/re2.h>\nRE2 a("");\nconst char* name = "waitpid(";\n',
    "tracer/ptrace/wait.cpp": "#include <sys/ptrace.h>\nint f() { return ::wait4(-1, nullptr, 0, nullptr); }\n",
    "tracer/cli/main.cpp": '#include <CLI/CLI.hpp>\n#include "sonde/filter/filter.hpp"\n#include "sonde/base/result.hpp"\nCLI::App app;\n',
    "tests/unit/base/result_test.cpp": "#include <doctest/doctest.h>\nTEST_CASE(\"\") {}\n",
}

# (file, what is put behind its text, or None to remove it; part of the message expected)
WRONG = [
    ("tracer/event/event.cpp", '#include "sonde/filter/filter.hpp"', "layer event may not include sonde/filter"),
    ("include/sonde/filter/filter.hpp", '#include "sonde/ptrace/wait.hpp"', "layer filter may not include sonde/ptrace"),
    ("tracer/cli/main.cpp", '#include "event/inner.hpp"', "private to layer event"),
    ("tracer/cli/main.cpp", "  #  include <sys/ptrace.h>", "for tracer/ptrace alone"),
    ("tracer/cli/main.cpp", "int g() { return waitpid(1, nullptr, 0); }", "only tracer/ptrace/wait.cpp waits"),
    ("tracer/ptrace/stop.cpp", "int g() { return ::waitid(P_ALL, 0, nullptr, 0); }", "only tracer/ptrace/wait.cpp waits"),
    ("tracer/event/event.cpp", "#include <CLI/CLI.hpp>", "CLI11 is for layer cli alone"),
    ("tracer/cli/main.cpp", "#include <re2/re2.h>", "RE2 is for layer filter alone"),
    ("tracer/cli/main.cpp", "#include <zstd.h>", "zstd is for layer elf, event alone"),
    ("tracer/event/event.cpp", "#include <doctest/doctest.h>", "doctest is for tests alone"),
    ("tracer/filter/filter.cpp", "void h() { std::cerr << 1; }", "only cli prints"),
    ("tracer/filter/filter.cpp", "void h() { std::exit(1); }", "only cli prints"),
    ("tracer/filter/filter.cpp", None, "RE2 is meant for layer filter, which does not use it"),
    ("tracer/cli/main.cpp", None, "CLI11 is meant for layer cli, which does not use it"),
    ("tests/unit/base/result_test.cpp", None, "no unit test uses doctest"),
    ("tracer/CMakeLists.txt", "sonde_layer(output DEPENDS event ptrace)", "layer output reaches ptrace"),
    ("tracer/CMakeLists.txt", "sonde_layer(output DEPENDS later)", "depends on later, which is not declared above"),
    ("tracer/CMakeLists.txt", "sonde_layer(elf FOLDER dwarf DEPENDS base)", "libelf++ is meant for layer elf"),
    ("tracer/CMakeLists.txt", "sonde_layer(verify FOLDER dwarf DEPENDS base)", "libdwarf++ is meant for layer verify"),
    ("tracer/cli/main.cpp", "#include <elf/elf++.hh>", "libelf++ is for layer elf alone"),
    ("tracer/cli/main.cpp", "#include <dwarf/dwarf++.hh>", "libdwarf++ is for layer verify alone"),
    ("tracer/cli/main.cpp", "#include <capstone/capstone.h>", "capstone is for layer arch alone"),
    ("tests/unit/filter/none_test.cpp", "#include <doctest/doctest.h>", "no unit test of layer filter uses doctest"),
    ("tracer/stray/stray.cpp", "", "tracer/stray is no declared layer"),
    ("include/sonde/event/bare.hpp", "struct Bare;", "without #pragma once"),
    ("CMakeLists.txt", "FetchContent_Declare(fmt)", "from the distribution alone"),
    ("scripts/setup", "pip install pyyaml", "from the distribution alone"),
]


# An include alone is no use.
UNUSED = [
    ("tracer/cli/main.cpp", "#include <CLI/CLI.hpp>\n// CLI::App\n", "CLI11 is meant for layer cli, which does not use it"),
    ("tests/unit/base/result_test.cpp", "#include <doctest/doctest.h>\n", "no unit test uses doctest"),
    ("tracer/event/event.cpp", "#include <zstd.h>\n#include <fmt/format.h>\nint ZSTD_;\n", "fmt is hardly used"),
]


def violations(change=None, instead=None):
    """Of the right tree with a change: text put behind a file's own, or in its place."""
    with tempfile.TemporaryDirectory() as folder:
        files = dict(RIGHT)
        if instead:
            files[instead[0]] = instead[1]
        if change:
            path, extra = change
            files[path] = "" if extra is None else files.get(path, "") + extra + "\n"
        for path, text in files.items():
            file = Path(folder, path)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        return Tree(Path(folder).resolve()).check()


def main():
    failures = [f"the right tree: {line}" for line in violations()]
    for path, extra, expected in WRONG:
        found = violations((path, extra))
        if not any(expected in line for line in found):
            failures.append(f"{path} with {extra!r}: expected '{expected}', found {found}")
    for path, text, expected in UNUSED:
        found = violations(instead=(path, text))
        if not any(expected in line for line in found):
            failures.append(f"{path} as {text!r}: expected '{expected}', found {found}")
    print("\n".join(failures) or f"{len(WRONG) + len(UNUSED)} violations are found")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

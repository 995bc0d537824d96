"""Compiles the samples in the ways in which debug information differs."""

import shutil
from pathlib import Path

from compare import run

HERE = Path(__file__).resolve().parent
COMPILERS = {"gcc": ("gcc", "g++"), "clang": ("clang-14", "clang++-14")}
OPTIONS = {
    "O0": ["-O0"],
    "O2": ["-O2"],
    "O3": ["-O3", "-ffunction-sections", "-Wl,--gc-sections"],
    "lto": ["-O2", "-flto"],
    "no-pie": ["-O2", "-fno-pie", "-no-pie"],
    "static": ["-O2", "-static"],
    "dwarf64": ["-O2", "-gdwarf64"],
    "compressed": ["-O2", "-gz"],
    "types": ["-O2", "-fdebug-types-section"],
    "split": ["-O2", "-gsplit-dwarf"],
}


def exist():
    """The compilers that there are."""
    return [name for name, commands in COMPILERS.items() if all(map(shutil.which, commands))]


def build(folder, compiler, version, option):
    """A program of the C and the C++ sample, with its objects (and .dwo files) beside it."""
    c, cxx = COMPILERS[compiler]
    program = folder / f"{compiler}-{version}-{option}"
    objects = folder / f"{program.name}.objects"
    objects.mkdir()
    flags = [f"-gdwarf-{version}", *OPTIONS[option]]
    linker = ["-fuse-ld=lld"] if compiler == "clang" and option in ("lto", "O3") else []
    run([c, *flags, "-c", HERE / "sample.c", "-o", objects / "c.o"], cwd=objects)
    run([cxx, "-std=c++17", *flags, "-c", HERE / "sample.cpp", "-o", objects / "cpp.o"], cwd=objects)
    run([cxx, *flags, *linker, objects / "c.o", objects / "cpp.o", "-o", program], cwd=objects)
    return program


def build_rust(folder, option):
    program = folder / f"rust-{option}"
    run(["rustc", "-g", "-C", f"opt-level={option}", HERE / "sample.rs", "-o", program], cwd=folder)
    return program


def package(program, tool):
    """A .dwp of the program's .dwo files."""
    made = Path(f"{program}.dwp")
    run([tool, "-e", program, "-o", made], cwd=Path(f"{program}.objects"))
    return made


def share(programs, folder):
    """Moves what the programs' debug information has in common to a file of its own, as dwz does for Debian's packages.
    Returns that file and copies of the programs."""
    common = folder / "common.debug"
    copies = [Path(shutil.copy(program, folder / f"{program.name}.dwz")) for program in programs]
    run(["dwz", "-m", common, *copies])
    return common, copies

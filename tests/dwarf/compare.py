"""Holds the frames of our reader against those of llvm-symbolizer and addr2line, address by address."""

import os
import random
import re
import subprocess
import tempfile


def run(command, text=None, cwd=None, check=True):
    done = subprocess.run(command, input=text, capture_output=True, text=True, cwd=cwd, errors="surrogateescape")
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: {done.returncode}: {done.stderr}")
    return done.stdout


def code_addresses(path, count, seed=1):
    """Addresses of the file's code: `count` drawn from .text alike, and the first bytes of up to as many functions."""
    chosen = random.Random(seed)
    addresses = set()
    for line in run(["readelf", "-SW", path]).splitlines():
        match = re.match(r"\s*\[ *\d+\] \.text\s+PROGBITS\s+(\w+) \w+ (\w+)", line)
        if match:
            low, size = int(match[1], 16), int(match[2], 16)
            addresses.update(low + chosen.randrange(size) for _ in range(count))
    symbols = [line.split() for line in run(["nm", "--defined-only", path], check=False).splitlines()]
    starts = sorted({int(s[0], 16) for s in symbols if len(s) == 3 and s[1] in "tTwW"} - {0})
    addresses.update(chosen.sample(starts, min(count, len(starts))))
    return sorted(addresses)


def ours(tool, path, addresses, options=()):
    out = run([tool, path, *options], "".join(f"{a:x}\n" for a in addresses))
    answers = {}
    for block in out.split("\n\n"):
        lines = block.strip("\n").split("\n")
        if lines[0]:
            answers[int(lines[0], 16)] = [frame(*line.split("\t")) for line in lines[1:]]
    return answers


def frame(function, place):
    file, line, column = place.rsplit(":", 2)
    return function, os.path.normpath(file) if file else "", int(line), int(column)


def llvm(path, addresses):
    """Without the program's symbols: it would take the name of the outermost function from them, where that has several
    names or its debug information only a short one."""
    with tempfile.TemporaryDirectory() as folder:
        bare = os.path.join(folder, "bare")
        run(["llvm-objcopy", "--remove-section=.symtab", path, bare], check=False)
        if not os.path.exists(bare):
            bare = path    # The symbols of a static program cannot be taken off.
        command = ["llvm-symbolizer", f"--obj={bare}", "--inlines", "--no-demangle", "--functions=linkage"]
        out = run(command, "".join(f"0x{a:x}\n" for a in addresses))
    answers = {}
    for address, block in zip(addresses, out.split("\n\n")):
        lines = block.strip("\n").split("\n")
        frames = [frame(*pair) for pair in zip(lines[::2], lines[1::2])]
        answers[address] = [known(f) for f in frames if f[:2] != ("??", "??") or len(frames) > 1]
    return answers


def known(f):
    """A frame with what a peer does not know as we write it."""
    function, file, line, column = f
    return "" if function == "??" else function, "" if file == "??" else file, line, column


def addr2line(path, addresses):
    """Without columns, which it does not print."""
    out = run(["addr2line", "-afi", "-e", path], "".join(f"0x{a:x}\n" for a in addresses))
    answers = {}
    frames = None
    lines = iter(out.splitlines())
    for line in lines:
        if re.fullmatch(r"0x[0-9a-f]{16}", line):
            frames = answers[int(line, 16)] = []
            continue
        place = re.sub(r" \(discriminator \d+\)$", "", next(lines))
        file, number = place.rsplit(":", 1)
        frames.append(known((line, os.path.normpath(file), int(number) if number.isdigit() else 0, 0)))
    return answers


def leaf(function):
    """The last part of a qualified name, without its template arguments and parameters."""
    function = re.sub(r"\.(cold|part|constprop|isra|lto_priv|llvm)\b.*", "", function)
    function = function.replace("operator()", "operator_call")
    depth = 0
    kept = []
    for c in function:
        if c in "<({[":
            depth += 1
        if depth == 0:
            kept.append(c)
        if c in ">)}]":
            depth -= 1
    plain = re.sub(r"( (const|volatile|&))+$", "", "".join(kept).strip())
    return re.split(r"::", plain)[-1].split(" ")[-1]


def demangle(names):
    names = sorted(names)
    return dict(zip(names, run(["c++filt"], "\n".join(names) + "\n").splitlines()))


def differences(mine, theirs, columns):
    """What differs, a list of (address, what, our frames, their frames). Names are the same also where one reader has the
    mangled name and the other the parts of a name: the last part must then be."""
    names = {f[0] for answers in (mine, theirs) for frames in answers.values() for f in frames}
    leaves = {name: leaf(plain) for name, plain in demangle(names).items()}
    found = []
    for address, frames in theirs.items():
        if not mine[address] and not any(f[2] for f in frames):
            continue    # They name it by the symbol table; debug information has nothing.
        what = difference(mine[address], frames, columns, leaves)
        if what:
            found.append((address, what, mine[address], frames))
    return found


def difference(mine, theirs, columns, leaves):
    if len(mine) != len(theirs):
        return "frames"
    for a, b in zip(mine, theirs):
        if a[0] and a[0] != b[0] and leaves[a[0]] != leaves[b[0]]:
            return "function"
        if a[1] != b[1]:
            return "file"
        if a[2] != b[2]:
            return "line"
        if columns and a[3] != b[3]:
            return "column"
    return None


def line_differences(mine, theirs):
    """The addresses whose innermost line is another one: (address, our frames, their frames)."""
    return [(address, mine[address], frames) for address, frames in theirs.items()
            if any(f[2] for f in frames) and (not mine[address] or mine[address][0][2] != frames[0][2])]

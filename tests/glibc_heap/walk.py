"""A walk over a process's heap by walk_heap, as Python has it."""
import os
import subprocess
from collections import namedtuple

Walk = namedtuple("Walk", "totals blocks owned ignored notes ended symbols version error seconds")


def read(lines):
    """What walk_heap wrote."""
    walk = Walk({}, {}, [], [], [], [], {}, [""], [""], [0.0])
    for line in lines:
        kind, _, rest = line.partition(" ")
        words = rest.split()
        if kind == "total":
            walk.totals[words[0]] = (int(words[1]), int(words[2]))
        elif kind == "block":
            walk.blocks[int(words[0], 16)] = int(words[1])
        elif kind in ("owned", "ignored", "ended"):
            getattr(walk, kind).append((int(words[0], 16), int(words[1], 16)))
        elif kind == "note":
            walk.notes.append(rest)
        elif kind == "symbol":
            walk.symbols[words[0]] = int(words[1], 16)
        elif kind in ("version", "error", "seconds"):
            getattr(walk, kind)[0] = rest
    return walk


def of(pid, *flags):
    done = subprocess.run([os.environ["WALK_HEAP"], str(pid), "blocks", *flags], capture_output=True, text=True, timeout=120)
    if done.returncode not in (0, 1):
        raise AssertionError(f"walk_heap ended with {done.returncode}: {done.stderr}")
    return read(done.stdout.splitlines())

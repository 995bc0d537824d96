#!/usr/bin/env python3
"""Walks of real stacks, sonde's against gdb's, of the programs of compare_walks.py. They must agree, but
for where gdb skips a caller (see there), or gives up because of what it took for one.

usage: compare_gdb.py WALK_FROM UNWIND_STACKS STOPS STEPS [SEED]
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from compare_walks import REALIGNED, programs

LIMIT_S = 1500
COUNTS = ("stops", "agree", "sonde_longer", "gdb_longer", "gdb_skips", "differ")
SCRIPT = Path(__file__).resolve().parent / "gdb_walks.py"


def main():
    if len(sys.argv) not in (5, 6):
        print(__doc__, file=sys.stderr)
        return 2
    walk_from, stacks, stops, steps = sys.argv[1:5]
    environment = dict(os.environ, SONDE_WALK_FROM=str(Path(walk_from).resolve()), SONDE_STOPS=stops, SONDE_STEPS=steps,
                       SONDE_SEED=sys.argv[5] if len(sys.argv) == 6 else "1")
    totals = dict.fromkeys(COUNTS, 0)
    failures = []
    with tempfile.TemporaryDirectory(prefix="sonde-unwind-") as name:
        for program, command, cwd in programs(str(Path(stacks).resolve()), Path(name)):
            began = time.monotonic()
            done = subprocess.run(["gdb", "-nx", "-q", "-batch", "-x", SCRIPT, "--args", *command], cwd=cwd, text=True,
                                  env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT_S,
                                  errors="replace", check=False)
            found = re.search("^" + " ".join(rf"{key} (\d+)" for key in COUNTS) + "$", done.stdout, re.MULTILINE)
            if not found:
                failures.append(f"{program}: ended with {done.returncode}: {done.stdout[-1000:]}{done.stderr[-1000:]}")
                continue
            counts = dict(zip(COUNTS, map(int, found.groups())))
            print(f"{program:12} {time.monotonic() - began:6.1f} s ", *(f"{key} {counts[key]}" for key in COUNTS), flush=True)
            for key in COUNTS:
                totals[key] += counts[key]
            misled = counts["gdb_skips"] + counts["sonde_longer"] if program in REALIGNED else 0
            if counts["agree"] + misled != counts["stops"]:
                told = re.findall(r"^(?:\w+ from frame.*|    .*)$", done.stdout, re.MULTILINE)
                failures.append(f"{program}:\n" + "\n".join(told))
    print(*(f"{key} {totals[key]}" for key in COUNTS))
    for failure in failures:
        print(failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Holds docs/events.schema.json against traces of real programs, and CSV against a reader of RFC 4180.

usage: traces.py SONDE VALIDATE_JSON TREE
"""

import csv
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

LIMIT = 120
AWKWARD = "printf 'a,b\\n\"c\"\\t\\001\\377\\303\\244' >\"$1/a,b \\\"c\\\"\"; cat \"$1\"/*; ls \"$1\"; kill -CHLD $$; (kill -9 $$) ; exit 3"
PROGRAMS = [["sh", "-c", AWKWARD, "sh", "FOLDER"], ["git", "--version"], ["python3", "-c", "import threading, json, socket"],
            ["getent", "hosts", "localhost"], ["ls", "-laR", "/etc"]]
OPTIONS = [[], ["-v", "-yy", "-s", "4000"], ["-X", "raw", "-xx", "-n", "-i"], ["-X", "verbose", "-C", "--per-process", "--sample", "1/3"],
           ["-c"], ["--redact", "strings,paths,env"]]
KINDS = {"session", "syscall", "signal", "process", "summary", "lost"}


def trace(sonde, folder, options, command):
    with tempfile.NamedTemporaryFile(prefix="trace") as shown:
        words = [sonde, "run", "-o", shown.name, *options, "--", *(str(folder) if word == "FOLDER" else word for word in command)]
        subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=LIMIT)
        return Path(shown.name).read_bytes()


def json_problems(sonde, validate, schema, commands):
    kinds = set()
    for command, folder in commands:
        for options in OPTIONS:
            lines = trace(sonde, folder, ["--format", "json", *options], command)
            checked = subprocess.run([validate, schema], input=lines, capture_output=True, timeout=LIMIT)
            if checked.returncode != 0:
                yield f"{command} {options}: {checked.stdout.decode(errors='replace')[:2000]}"
            kinds |= {line.split()[0].decode() for line in checked.stdout.splitlines()}
            for line in lines.splitlines():
                json.loads(line)
    if missing := KINDS - kinds:
        yield f"no trace had {', '.join(sorted(missing))}"


def csv_problems(sonde, commands):
    for command, folder in commands:
        for options in [[], ["-v", "-s", "4000"], ["-c"]]:
            text = trace(sonde, folder, ["--format", "csv", *options], command).decode("utf-8", errors="strict")
            rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
            if len(rows) < 10:
                yield f"{command} {options}: only {len(rows)} rows"
            if any(len(row) != len(rows[0]) for row in rows):
                yield f"{command} {options}: rows of different lengths"
            if any(ord(c) < 0x20 and c not in "\n" or ord(c) == 0x7f for row in rows for field in row for c in field):
                yield f"{command} {options}: a control character"


def problems(sonde, validate, tree):
    with tempfile.TemporaryDirectory() as parent:
        commands = []
        for number, command in enumerate(PROGRAMS):
            folder = Path(parent, str(number))
            folder.mkdir()
            commands.append((command, folder))
        yield from json_problems(sonde, validate, tree / "docs/events.schema.json", commands)
        yield from csv_problems(sonde, commands)


def main():
    if len(sys.argv) != 4:
        print(__doc__, file=sys.stderr)
        return 2
    found = list(problems(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
    print("\n".join(found) or "all traces are as described")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

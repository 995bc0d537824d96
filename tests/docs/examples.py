#!/usr/bin/env python3
"""Does what the documentation shows: each filter that it names means something, each `sonde filter` says just what stands
there, and each run, recording and report makes the calls that stand there. Counts of system calls and of instructions may
differ, since they are the kernel headers'.

usage: examples.py SONDE TREE
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

TEXTS = ["README.md", "docs/filter.md", "docs/json.md", "docs/sonde.1"]
LIMIT = 120
# What the kernel's headers and the machine decide.
COUNTS = re.compile(r"\d+(?= of \d+)|(?<= of )\d+|(?<=program of )\d+")
CALL = re.compile(r"^(?:\[pid +\d+\] )?(\w+)\(")


def examples(text):
    """Each command behind a $ with the lines shown below it."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, *shown = part.rstrip("\n").replace("\\\n", "").split("\n")
            yield command, shown


def filters(text):
    return set(re.findall(r"-e '([^'\n]+)'", text.replace("\\(aq", "'").replace("\\-", "-")))


def run(sonde, command, folder):
    script = 'sonde() { "$SONDE" "$@"; }\n' + command
    done = subprocess.run(["bash", "-c", script], cwd=folder, env=dict(os.environ, SONDE=sonde), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace", timeout=LIMIT)
    return done.stdout if done.returncode < 125 else f"error: status {done.returncode}\n{done.stdout}"


def differences(command, shown, got):
    if command.startswith("sonde filter"):
        got = got.removeprefix("error: status 125\n")
        if COUNTS.sub("N", "\n".join(shown)) != COUNTS.sub("N", got.rstrip("\n")):
            yield f"$ {command}\nsays\n{got}"
        return
    if re.search(r"^(?:error: |sonde: (?!Process))", got, re.MULTILINE) or "parse error" in got:
        yield f"$ {command}\nfails:\n{got}"
    calls = {match.group(1) for line in got.split("\n") if (match := CALL.match(line))}
    for line in shown:
        match = CALL.match(line)
        if match and match.group(1) not in calls:
            yield f"$ {command}\nmakes no call {match.group(1)}:\n{got}"
        if line.startswith('["') and line not in got.split("\n"):
            yield f"$ {command}\ndoes not show {line}:\n{got}"
    if not got.strip():
        yield f"$ {command}\nshows nothing"


def problems(sonde, tree):
    found = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in TEXTS:
            text = (tree / name).read_text()
            for expression in sorted(filters(text)):
                found += 1
                if subprocess.run([sonde, "filter", expression], capture_output=True).returncode != 0:
                    yield f"{name}: the filter {expression} is wrong"
            for command, shown in examples(text):
                if command.startswith("sonde") and "pidof" not in command:
                    found += 1
                    got = run(sonde, command, folder)
                    yield from (f"{name}: {line}" for line in differences(command, shown, got))
    if found < 20:
        yield f"only {found} examples were found"


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    found = list(problems(os.path.abspath(sys.argv[1]), Path(sys.argv[2])))
    print("\n".join(found) or "the examples do what they show")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

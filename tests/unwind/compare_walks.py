#!/usr/bin/env python3
"""Walks of real stacks, sonde's against libdw's: programs of Debian and our own, stopped at random moments and then stepped
through instruction by instruction.

They must agree, but for where libdw gives up and sonde goes on, which is right where a program stands in code without call
frame information (the end of glibc's clone3; gdb goes on as sonde does), and for where libdw skips a caller, at the end of
a function that has realigned its stack: there gcc's information is wrong (Walker::is_restored).

usage: compare_walks.py COMPARE_UNWIND UNWIND_STACKS STOPS STEPS [SEED]
"""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT_S = 1500
PYTHON = """
import json, re
def descend(n):
    if n:
        return descend(n - 1)
    return json.dumps([sorted(re.findall("[a-z]+", "some words %d" % i)) for i in range(20)])
while True:
    descend(60)
"""
TEMPLATES = """
#include <functional>
#include <map>
#include <regex>
#include <string>
std::map<std::string, std::function<bool(const std::string&)>> made() {
  return {{"a", [](const std::string& s) { return std::regex_match(s, std::regex("(a|b)*c")); }}};
}
"""
OWN = ("libc", "deep", "exceptions", "signals", "own_stack", "threads", "realigned")
# Whose stacks are realigned by gcc, which libdw and gdb do not follow to the last instruction.
REALIGNED = ("realigned", "signals", "own_stack")
COUNTS = ("stops", "agree", "sonde_longer", "libdw_longer", "libdw_skips", "differ")


class Comparison:
    def __init__(self, compare, stops, steps, seed):
        self.compare = Path(compare).resolve()
        self.arguments = [str(stops), str(steps), str(seed)]
        self.stops = stops
        self.totals = dict.fromkeys(COUNTS, 0)
        self.failures = []

    def run(self, name, what, cwd=None):
        began = time.monotonic()
        done = subprocess.run([self.compare, *self.arguments, *what], cwd=cwd, capture_output=True, text=True,
                              timeout=LIMIT_S, check=False)
        found = re.search("^" + " ".join(rf"{key} (?P<{key}>\d+)" for key in COUNTS) + "$", done.stdout, re.MULTILINE)
        if done.returncode != 0 or not found:
            self.failures.append(f"{name}: ended with {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")
            return
        counts = {key: int(found[key]) for key in COUNTS}
        print(f"{name:12} {time.monotonic() - began:6.1f} s ", *(f"{key} {counts[key]}" for key in COUNTS), flush=True)
        for key in COUNTS:
            self.totals[key] += counts[key]
        if counts["differ"] or counts["libdw_longer"] or (counts["libdw_skips"] and name not in REALIGNED):
            self.failures.append(f"{name}: {done.stdout}")
        # A program may end between its being let go and being stopped, but not each time.
        if counts["stops"] < self.stops * 0.5:
            self.failures.append(f"{name}: asked only {counts['stops']} times")
        if counts["agree"] < counts["stops"] * 0.75:
            self.failures.append(f"{name}: they agree too seldom to say anything: {done.stdout}")


def wait_for_line(stream, text):
    deadline = time.monotonic() + 60
    seen = b""
    while text not in seen:
        if not select.select([stream], [], [], max(0, deadline - time.monotonic()))[0]:
            raise RuntimeError(f"no {text!r} from redis-server: {seen!r}")
        piece = os.read(stream.fileno(), 4096)
        if not piece:
            raise RuntimeError(f"redis-server ended: {seen!r}")
        seen += piece


def with_redis(comparison, folder):
    socket = str(folder / "socket")
    server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", str(folder)],
                              stdout=subprocess.PIPE)
    load = None
    try:
        wait_for_line(server.stdout, b"ready to accept connections")
        load = subprocess.Popen(["redis-benchmark", "-s", socket, "-q", "-l", "-t", "set,get,lpush,lrange"],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        comparison.run("redis-server", [str(server.pid)])
        assert server.poll() is None, "redis-server did not survive"
    finally:
        for process in (load, server):
            if process:
                process.send_signal(signal.SIGKILL)
                process.wait()


def programs(stacks, folder):
    """Each program's name, its command line and the folder that it runs in."""
    for kind in OWN:
        yield kind, [stacks, kind], None
    source = folder / "templates.cpp"
    source.write_text(TEMPLATES)
    preprocessed = folder / "templates.ii"
    subprocess.run(["g++", "-std=c++17", "-E", source, "-o", preprocessed], check=True)
    cc1plus = subprocess.run(["g++", "-print-prog-name=cc1plus"], capture_output=True, text=True, check=True).stdout.strip()
    yield "cc1plus", [cc1plus, "-quiet", "-O2", str(preprocessed), "-o", "/dev/null"], None
    yield "python3", [sys.executable, "-c", PYTHON], None
    yield "git", ["git", "grep", "--no-index", "-q", "-e", "no such [t]hing"], "/usr/include"


def main():
    if len(sys.argv) not in (5, 6):
        print(__doc__, file=sys.stderr)
        return 2
    compare, stacks, stops, steps = sys.argv[1:5]
    seed = sys.argv[5] if len(sys.argv) == 6 else "1"
    comparison = Comparison(compare, int(stops), int(steps), seed)
    with tempfile.TemporaryDirectory(prefix="sonde-unwind-") as name:
        folder = Path(name)
        for program, command, cwd in programs(stacks, folder):
            comparison.run(program, ["--", *command], cwd)
        with_redis(comparison, folder)
    print(*(f"{key} {comparison.totals[key]}" for key in COUNTS))
    for failure in comparison.failures:
        print(failure)
    return 1 if comparison.failures else 0


if __name__ == "__main__":
    sys.exit(main())

"""What the kernel decides of a filter changes nothing of what is shown: each of many expressions shows the same lines of
the same program with and without pushdown."""

import collections
import json
import os
import re
import subprocess
import unittest

import harness
from expressions import Expressions
from harness import LiveTest, SONDE, TARGETS

ROUNDS = int(os.environ.get("SONDE_PUSHDOWN_ROUNDS", "72"))
SEED = int(os.environ.get("SONDE_PUSHDOWN_SEED", "1"))

# How many threads wait for one another is chance.
CHANCE = {"futex", "futex_time64", "restart_syscall", "sched_yield"}
# Calls that return process ids or take them, and what a signal says of its sender.
IDS = {"fork", "vfork", "clone", "clone3", "wait4", "waitpid", "waitid", "getpid", "gettid", "getppid", "getpgrp", "kill", "tgkill",
       "tkill", "set_tid_address", "getpgid", "setpgid", "ioctl", "kcmp", "prlimit64",
       "rt_sigreturn", "sigreturn"}
RANDOM = {"getrandom"}
# Without privileges a filter of the kernel's has a price, and so must be asked for.
PUSHDOWN = [] if os.geteuid() == 0 else ["--pushdown"]


class Pushdown(LiveTest):
    def tracees(self):
        """Name, command, whether it has one task alone."""
        found = [("varied", [TARGETS / "varied"], False), ("int80", [TARGETS / "int80"], True),
                 ("own_seccomp", [TARGETS / "own_seccomp"], False), ("ls", ["ls", "-l", "/etc"], True),
                 ("sh", ["sh", "-c", "cat /etc/passwd /nowhere; (exit 3); ls / >/dev/null"], False)]
        if (TARGETS / "compat_varied").exists():
            found.insert(1, ("compat_varied", [TARGETS / "compat_varied"], False))
        return found

    def lines(self, options, command):
        """The shown lines, sorted: the order of tasks that run at the same time is chance."""
        # Addresses stay the same without randomisation; ASLR would change what arguments compare to.
        words = ["setarch", "-R", SONDE, "run", "-q", "-o", self.folder / "shown", *options, "--", *command]
        output, errors = self.folder / "output", self.folder / "errors"
        with open(output, "wb") as stdout, open(errors, "wb") as stderr:  # The names of pipes would differ.
            status = subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr,
                                    timeout=harness.LIMIT, cwd="/").returncode
        self.assertNotRegex(errors.read_text(), "(?m)^(sonde|error): ")
        text = (self.folder / "shown").read_text(errors="surrogateescape")
        shown = [self.normalised(line) for line in text.splitlines()]
        return sorted(line for line in shown if line), (status, output.read_bytes(), errors.read_bytes())

    def normalised(self, line):
        line = re.sub(r"(socket|pipe):\[\d+\]", r"\1:[N]", line)
        return self.normalised_record(json.loads(line)) if line.startswith("{") else self.normalised_text(line)

    def normalised_record(self, record):
        restarted = record.get("errno", {}).get("number", 0) >= 512  # A signal came while the call was made.
        if record.get("syscall") in CHANCE or restarted or record["kind"] == "session":
            return None
        # How a child was made is not known yet if it is seen before its parent has returned.
        for key in ("time", "elapsed_ns", "pid", "tid", "parent_tid", "old_tid", "duration_ns", "origin"):
            record.pop(key, None)
        if record.get("syscall") in IDS:
            record["args"] = len(record["args"])
            record["ret"] = "id" if isinstance(record.get("ret"), int) and record["ret"] > 100 else record.get("ret")
            if record["syscall"].endswith("sigreturn"):
                del record["ret"]  # Of the call that the signal has interrupted.
        elif record.get("syscall") == "execve":
            del record["args"][2]  # The first one's lies in sonde's memory.
        elif record.get("syscall") in RANDOM:
            del record["args"][0]
        for key in ("si_pid", "si_utime", "si_stime"):
            record.get("info", {}).pop(key, None)
        return json.dumps(record, sort_keys=True)

    def normalised_text(self, line):
        line = re.sub(r"^\d+ +", "", line)
        name = re.match(r"\w*", line).group(0)
        if name in CHANCE:
            return None
        if name in IDS | RANDOM | {"execve"}:
            return re.sub(r"\(.*(?= = )", "", re.sub(r" = \d{3,}.*", " = id", line))
        return re.sub(r"si_(pid|utime|stime)=\d+", r"si_\1", line)

    def assert_same(self, pushed_down, without):
        only_pushed_down = collections.Counter(pushed_down) - collections.Counter(without)
        only_without = collections.Counter(without) - collections.Counter(pushed_down)
        self.assertFalse(only_pushed_down or only_without,
                         "\n".join(["lines differ", *(f"with pushdown: {line}" for line in only_pushed_down),
                                    *(f"without: {line}" for line in only_without)]))

    def test_the_kernel_filters(self):
        command = ["grep", "Seccomp:", "/proc/self/status"]
        for options, mode in [(["--no-pushdown"], b"0"), (PUSHDOWN, b"2")]:
            _, (_, output, _) = self.lines(["-e", "fd == 3", *options], command)
            self.assertEqual(output.split()[-1], mode)

    def test_shows_the_same(self):
        expressions = Expressions(SEED)
        tracees = self.tracees()
        some = 0
        for number in range(ROUNDS):
            expression = expressions.draw()
            name, command, alone = tracees[number % len(tracees)]
            how = ["-e", expression, *(["-s", "8"] if alone and number % 2 else ["--format", "json"])]
            with self.subTest(seed=SEED, number=number, program=name, expression=expression):
                without, outcome = self.lines([*how, "--no-pushdown"], command)
                pushed_down, pushed_outcome = self.lines([*how, *PUSHDOWN], command)
                self.assertEqual(pushed_outcome, outcome)
                self.assert_same(pushed_down, without)
                some += 0 < len(without)
        # The expressions are worth something: many show some lines.
        self.assertGreater(some, ROUNDS // 3)


if __name__ == "__main__":
    harness.main()

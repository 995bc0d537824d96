"""What the live tests share: starting sonde and its targets, talking to them, looking into /proc, and leaving nothing
behind.

Nothing here sleeps to let something happen. A test waits for a line of a target, for a line of the trace, or for a state
that /proc shows; each wait has a limit after which the test fails. Every process that a test has started, and every
orphan that one of them leaves, is killed and reaped at its end, whatever the outcome.
"""

import ctypes
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time
import unittest

SONDE = os.environ["SONDE"]
TARGETS = pathlib.Path(os.environ["SONDE_TARGETS"])
# Sanitizers make sonde an order of magnitude slower, and a loaded machine everything.
LIMIT = float(os.environ.get("SONDE_TEST_LIMIT", "120"))

# Whoever runs the tests in the background or under nohup has these ignored, and what is ignored stays so in children:
# sonde would not hear the test's Ctrl-C.
for _number in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM):
    if signal.getsignal(_number) == signal.SIG_IGN:
        signal.signal(_number, signal.SIG_DFL)

PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)
_libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def wait_until(condition, what, limit=LIMIT):
    """The first true value of condition(); fails after the limit. For states that cannot be waited for."""
    deadline = time.monotonic() + limit
    pause = 0.0005
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit:g} s: {what}")
        select.select([], [], [], pause)
        pause = min(2 * pause, 0.02)


class Proc:
    """/proc/PID, read anew at each question."""

    @staticmethod
    def status(tid, key):
        """A field of /proc/TID/status, or None when the task is gone."""
        try:
            text = pathlib.Path(f"/proc/{tid}/status").read_text(errors="replace")
        except OSError:
            return None
        found = re.search(rf"^{key}:\s*(.*)$", text, re.MULTILINE)
        return found and found.group(1)

    @staticmethod
    def state(tid):
        status = Proc.status(tid, "State")
        return status and status[0]

    @staticmethod
    def tracer(tid):
        return int(Proc.status(tid, "TracerPid") or 0)

    @staticmethod
    def tasks(pid):
        try:
            return sorted(int(name) for name in os.listdir(f"/proc/{pid}/task"))
        except OSError:
            return []

    @staticmethod
    def children(pid):
        found = []
        for tid in Proc.tasks(pid):
            try:
                found += map(int, pathlib.Path(f"/proc/{pid}/task/{tid}/children").read_text().split())
            except OSError:
                pass
        return found

    @staticmethod
    def comm(pid):
        try:
            return pathlib.Path(f"/proc/{pid}/comm").read_text().rstrip("\n")
        except OSError:
            return None

    @staticmethod
    def syscall(tid):
        """The number of the system call in which the task sleeps, or None."""
        try:
            first = pathlib.Path(f"/proc/{tid}/syscall").read_text().split()[0]
        except (OSError, IndexError):
            return None
        return None if first in ("running", "-1") else int(first)

    @staticmethod
    def all_traced(pid):
        tasks = Proc.tasks(pid)
        return bool(tasks) and all(Proc.tracer(tid) for tid in tasks)


class Program:
    """A process with pipes for standard input and output; standard error goes to a file."""

    def __init__(self, test, arguments, **options):
        self.test = test
        self.arguments = [str(argument) for argument in arguments]
        self.error_path = test.folder / f"stderr.{len(test.programs)}"
        self._buffer = b""
        self._status = None
        options.setdefault("stdin", subprocess.PIPE)
        options.setdefault("stdout", subprocess.PIPE)
        with open(self.error_path, "wb") as error_file:
            options.setdefault("stderr", error_file)
            self.popen = subprocess.Popen(self.arguments, bufsize=0, **options)
        test.programs.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def say(self, line=""):
        self.popen.stdin.write(line.encode() + b"\n")

    def hear(self):
        """The next line of the program's output; fails at the end of it."""
        deadline = time.monotonic() + LIMIT
        while b"\n" not in self._buffer:
            readable, _, _ = select.select([self.popen.stdout], [], [], max(0, deadline - time.monotonic()))
            if not readable:
                raise AssertionError(f"no line within {LIMIT:g} s from {self.arguments}: {self.errors()}")
            data = os.read(self.popen.stdout.fileno(), 65536)
            if not data:
                raise AssertionError(f"no more lines from {self.arguments}: {self.errors()}")
            self._buffer += data
        line, self._buffer = self._buffer.split(b"\n", 1)
        return line.decode()

    def expect(self, line):
        """The next line must be this one, or match it when it is a compiled regular expression; gives the match."""
        heard = self.hear()
        if isinstance(line, re.Pattern):
            match = line.fullmatch(heard)
            self.test.assertTrue(match, f"{heard!r} does not match {line.pattern!r}")
            return match
        self.test.assertEqual(heard, line)
        return heard

    def ready(self):
        """The target's pid, from its first line."""
        return int(self.expect(re.compile(r"ready (\d+)")).group(1))

    def rest(self):
        """All lines to come, to the end of the output."""
        lines = []
        deadline = time.monotonic() + LIMIT
        while True:
            readable, _, _ = select.select([self.popen.stdout], [], [], max(0, deadline - time.monotonic()))
            if not readable:
                raise AssertionError(f"output without end from {self.arguments}: {self.errors()}")
            data = os.read(self.popen.stdout.fileno(), 65536)
            if not data:
                break
            self._buffer += data
        text, self._buffer = self._buffer.decode(errors="replace"), b""
        lines += text.splitlines()
        return lines

    def kill(self, number):
        self.popen.send_signal(number)

    def status(self):
        """Waits for the end: the exit status, or minus the signal."""
        try:
            return self.popen.wait(LIMIT)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"did not end within {LIMIT:g} s: {self.arguments}; {states(self.pid)}; {self.errors()}")

    def finish(self):
        """No more input: the status and the rest of the output's lines."""
        if self.popen.stdin:
            self.popen.stdin.close()
        lines = self.rest() if self.popen.stdout else []
        return self.status(), lines

    def errors(self):
        return self.error_path.read_text(errors="replace")

    def close(self):
        for stream in (self.popen.stdin, self.popen.stdout):
            if stream:
                try:
                    stream.close()
                except OSError:
                    pass


class Sonde(Program):
    """A running sonde that writes its trace to a file."""

    def __init__(self, test, arguments, trace=True, prefix=(), **options):
        self.trace_path = test.folder / f"trace.{len(test.programs)}"
        if trace:
            verb = next(i for i, word in enumerate(arguments) if word in ("run", "attach", "leaks"))
            arguments = [*arguments[:verb + 1], "-o", self.trace_path, *arguments[verb + 1:]]
        super().__init__(test, [*prefix, SONDE, *arguments], **options)

    def trace(self):
        try:
            return self.trace_path.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    def wait_trace(self, pattern):
        """Waits until the trace shows this; gives the match."""
        expression = re.compile(pattern, re.MULTILINE)
        try:
            return wait_until(lambda: expression.search(self.trace()), f"the trace shows {pattern}")
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.errors()}; trace ends with:\n{self.trace()[-2000:]}") from None

    def _process(self, name):
        for pid in Proc.children(self.pid):
            if Proc.comm(pid) == name:
                return pid
        return None

    def tracer(self):
        return wait_until(lambda: self._process("sonde-tracer"), "the tracer runs")

    def console(self):
        return wait_until(lambda: self._process("sonde-console"), "the console runs")

    def interrupt(self):
        """Detaches an attached sonde, and waits for its end."""
        self.kill(signal.SIGINT)
        self.test.assertEqual(self.status(), 0, self.errors())


def descendants(pid):
    found = []
    todo = [pid]
    while todo:
        children = Proc.children(todo.pop())
        found += children
        todo += children
    return found


def states(pid):
    """Of a process and all below it, for messages."""
    return {found: (Proc.comm(found), Proc.state(found), Proc.tracer(found), Proc.syscall(found))
            for found in [pid, *descendants(pid)]}


def marks(trace, number=None):
    """The tasks that made the targets' mark() call, once a call; with their numbers unless one is asked for."""
    found = re.findall(r"^(\d+) +close\((90\d\d)\)? ", trace, re.MULTILINE)
    if number is None:
        return [(int(tid), int(value) - 9000) for tid, value in found]
    return [int(tid) for tid, value in found if int(value) - 9000 == number]


def changed_code(pid):
    """The files of which the process does not have the code as it stands in them."""
    found = []
    with open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in pathlib.Path(f"/proc/{pid}/maps").read_text().splitlines():
            fields = line.split(None, 5)
            if "x" not in fields[1] or len(fields) < 6 or not fields[5].startswith("/"):
                continue
            begin, end = (int(word, 16) for word in fields[0].split("-"))
            memory.seek(begin)
            with open(fields[5], "rb") as file:
                file.seek(int(fields[2], 16))
                if memory.read(end - begin) != file.read(end - begin).ljust(end - begin, b"\0"):
                    found.append(fields[5])
    return found


class LiveTest(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.programs = []
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sonde-live-"))
        self.addCleanup(self._clean_up)

    def _clean_up(self):
        # Killing a stopped process works too; orphans are ours, since we are their subreaper.
        while True:
            left = descendants(os.getpid())
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            if not left:
                break
            try:
                os.waitpid(-1, getattr(os, "WALL", 0x40000000))
            except ChildProcessError:
                break
        for program in self.programs:
            program.popen.poll()
            program.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def target(self, name, *arguments, **options):
        return Program(self, [TARGETS / name, *arguments], **options)

    def sonde(self, *arguments, **options):
        return Sonde(self, list(arguments), **options)

    def run_sonde(self, *arguments, **options):
        """A sonde that ends by itself: its exit status, its standard error."""
        options.setdefault("stdin", subprocess.DEVNULL)
        sonde = self.sonde(*arguments, trace=False, **options)
        return sonde.finish()[0], sonde.errors()

    def attached(self, program, *options):
        """Attaches to a target that reads standard input, and waits until its calls are traced."""
        sonde = self.sonde("attach", *options, str(program.pid))
        sonde.wait_trace(r"read\(0|restart_syscall")
        return sonde

    def churning(self, threads):
        """A target of which so many threads do nothing but allocate, until it hears a line."""
        target = self.target("allocations", "churn", str(threads))
        target.ready()
        target.say()
        target.expect("going")
        return target

    def assert_untouched(self, pid):
        """No task of the process is traced or stopped."""
        for tid in Proc.tasks(pid):
            self.assertEqual(Proc.tracer(tid), 0, f"task {tid} is traced")
            self.assertNotIn(Proc.state(tid), ("t", "T"), f"task {tid} is stopped")

    def assert_complaint(self, errors, *words):
        """Standard error is one line of sonde's that has all these words."""
        lines = errors.splitlines()
        self.assertEqual(len(lines), 1, errors)
        self.assertTrue(lines[0].startswith("sonde: "), errors)
        for word in words:
            self.assertIn(word, lines[0])


main = unittest.main

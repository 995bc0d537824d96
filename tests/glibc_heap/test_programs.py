#!/usr/bin/env python3
"""Walks over the heaps of programs of Debian, as they wait for input, against what their own mallinfo2(3) says when gdb
calls it; and processes whose heap is not glibc's."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import walk

# Each says something once it has done what makes its heap interesting, and then waits for its standard input.
PYTHON = """
import json, re, sys
kept = [bytes(n * 37 % 9000) for n in range(3000)]
del kept[::3]
big = [bytearray(n << 20) for n in range(1, 9)]
tables = [json.loads(json.dumps({str(i): list(range(i % 40)) for i in range(500)}))]
print("ready", flush=True)
sys.stdin.read()
"""
THREADS = """
import sys, threading
kept = []
def work():
    for n in range(4000):
        kept.append(bytearray(600 + n * 37 % 9000))
        if n % 3: kept[-1] = None
    done.release()
    threading.Event().wait()
done = threading.Semaphore(0)
for _ in range(6): threading.Thread(target=work, daemon=True).start()
for _ in range(6): done.acquire()
print("ready", flush=True)
sys.stdin.read()
"""
PERL = '$| = 1; my %h = map { $_ => "x" x ($_ % 900) } 1 .. 20000; delete $h{$_ * 3} for 1 .. 6000; print "ready\\n"; <STDIN>;'
SQL = b"""create table t(a, b); with recursive n(i) as (select 1 union all select i + 1 from n where i < 20000)
insert into t select i, hex(randomblob(i % 200)) from n; create index x on t(b); select 'ready';
"""
JEMALLOC = "/usr/lib/x86_64-linux-gnu/libjemalloc.so.2"


class Programs(unittest.TestCase):
    def start(self, *command, first=b"", said=b"ready", **more):
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **more)

        def end():
            process.kill()
            process.communicate()
        self.addCleanup(end)
        process.stdin.write(first)
        process.stdin.flush()
        line = process.stdout.readline()
        while said not in line:
            self.assertTrue(line, f"{command[0]} ended early")
            line = process.stdout.readline()
        return process.pid

    def mallinfo(self, pid):
        """What the process itself says."""
        done = subprocess.run(["gdb", "-nx", "-batch", "-ex", "set debuginfod enabled off", "-p", str(pid), "-ex",
                               "print mallinfo2()"], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)
        told = re.search(r"\$1 = \{(.*)\}", done.stdout)
        self.assertIsNotNone(told, done.stdout + done.stderr)
        return {name: int(value) for name, value in re.findall(r"(\w+) = (\d+)", told.group(1))}

    def check(self, pid):
        info = self.mallinfo(pid)
        walks = [walk.of(pid, *flags) for flags in ((), ("no-symbols",), ("no-symbols", "no-threads"))]
        for found in walks:
            self.assertEqual(found.error, [""])
            self.assertEqual(found.notes, [])
            self.assertEqual(found.blocks, walks[0].blocks)
            totals = found.totals
            self.assertEqual(totals["system_mem"][1], info["arena"])
            self.assertEqual(totals["fastbin"], (info["smblks"], info["fsmblks"]))
            self.assertEqual(totals["mapped"], (info["hblks"], info["hblkhd"]))
            self.assertEqual(sum(totals[name][1] for name in ("fastbin", "bins", "top")), info["fordblks"])
            self.assertEqual(totals["bins"][0] + totals["top"][0], info["ordblks"])
            self.assertGreater(totals["in_use"][0], 10)
        return walks[0]

    def test_python(self):
        self.check(self.start("/usr/bin/python3", "-c", PYTHON))

    def test_python_with_threads(self):
        found = self.check(self.start("/usr/bin/python3", "-c", THREADS))
        self.assertEqual(found.totals["arenas"][0], 7)

    def test_perl(self):
        self.check(self.start("perl", "-e", PERL))

    def test_sqlite(self):
        self.check(self.start("sqlite3", "-batch", first=SQL))

    def test_git(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run(["git", "init", "-q", folder], check=True)
            (Path(folder) / "file").write_text("words\n" * 5000)
            written = subprocess.run(["git", "-C", folder, "hash-object", "-w", "file"], check=True, capture_output=True)
            self.check(self.start("git", "-C", folder, "cat-file", "--batch-check", first=written.stdout, said=b"blob"))

    def test_bash(self):
        # Debian's bash has glibc's malloc.
        self.check(self.start("bash", "-c", "for i in {1..3000}; do a[i]=x$i; done; echo ready; read"))

    def test_redis(self):
        """It allocates with jemalloc: said, and what glibc's heap holds all the same."""
        with tempfile.TemporaryDirectory() as folder:
            pid = self.start("redis-server", "--port", "0", "--unixsocket", f"{folder}/socket", "--save", "",
                             "--dir", folder, said=b"Server initialized")
            found = walk.of(pid)
        self.assertEqual(found.error, [""])
        self.assertTrue(any("libjemalloc.so.2" in note for note in found.notes), found.notes)

    def test_preloaded_allocator(self):
        pid = self.start("/usr/bin/python3", "-c", PYTHON, env={**os.environ, "LD_PRELOAD": JEMALLOC})
        for flags in ((), ("no-symbols",)):
            found = walk.of(pid, *flags)
            self.assertEqual(found.error, [""])
            self.assertEqual(found.blocks, {})
            self.assertTrue(any("libjemalloc.so.2" in note for note in found.notes), found.notes)
            self.assertTrue(any("nothing was allocated" in note for note in found.notes), found.notes)

    def check_refused(self, compiler, *flags, why):
        with tempfile.TemporaryDirectory() as folder:
            program = Path(folder) / "program"
            source = '#include <stdio.h>\n#include <unistd.h>\nint main(void) { puts("ready"); fflush(stdout); pause(); }\n'
            subprocess.run([compiler, "-x", "c", "-", "-o", program, *flags], input=source.encode(), check=True)
            found = walk.of(self.start(program))
            self.assertIn(why, found.error[0])

    @unittest.skipUnless(shutil.which("musl-gcc"), "no musl-gcc")
    def test_musl(self):
        self.check_refused("musl-gcc", why="musl")

    def test_static(self):
        self.check_refused("gcc", "-static", why="linked statically")


if __name__ == "__main__":
    sys.exit(unittest.main())

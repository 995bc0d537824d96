"""Programs of Debian behave under sonde as they do without: output, status, files."""

import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import unittest

import harness
from harness import LiveTest, Proc, Program, SONDE, wait_until


class Programs(LiveTest):
    def both(self, *command, options=(), **popen_options):
        """Runs a command untraced, then traced, and compares; gives the trace."""
        popen_options.setdefault("stdin", subprocess.DEVNULL)
        plain = Program(self, command, **popen_options)
        expected = plain.finish(), plain.errors()
        sonde = self.sonde("run", "-q", *options, "--", *command, **popen_options)
        self.assertEqual((sonde.finish(), sonde.errors()), expected)
        return sonde.trace()

    def check(self, trace, least):
        """Whole lines, each of a form that a reader of strace's output knows; every task that came has gone."""
        lines = trace.splitlines()
        self.assertGreater(len(lines), least)
        self.assertTrue(trace.endswith("\n"))
        form = re.compile(r"\d+ +(\w+\(.*|<\.\.\. \w+ resumed>.*|--- .* ---|\+\+\+ .* \+\+\+|\[ Process .* \])")
        for line in lines:
            self.assertRegex(line, form)
        seen = {line.split()[0] for line in lines}
        ended = {line.split()[0] for line in lines if re.search(r"\+\+\+ (exited|killed)", line)}
        self.assertEqual(seen - ended, set())

    def test_shell_pipeline(self):
        script = "seq 1 2000 | sort -rn | head -5; (exit 3) || echo failed $?; ls /nonexistent; exit 9"
        self.check(self.both("bash", "-c", script), 500)

    def test_git(self):
        repository = self.folder / "repository"
        git = ["git", "-c", "user.name=a", "-c", "user.email=a@b", "-C", str(repository)]
        subprocess.run(["git", "init", "-q", repository], check=True)
        for i in range(200):
            (repository / f"file{i}").write_text(f"{i}\n")
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", "all"], check=True)
        (repository / "file7").write_text("changed\n")
        trace = self.both(*git, "status", "--short")
        self.check(trace, 300)
        self.assertIn("file199", trace)
        self.check(self.both(*git, "log", "--stat"), 100)

    def test_make(self):
        folder = self.folder / "build"
        folder.mkdir()
        names = [f"part{i}" for i in range(6)]
        for name in names:
            (folder / f"{name}.c").write_text(f"int {name}(void) {{ return 1; }}\n")
        (folder / "main.c").write_text("int main(void) { return 0; }\n")
        objects = " ".join(f"{name}.o" for name in [*names, "main"])
        (folder / "Makefile").write_text(f"program: {objects}\n\tcc -o program {objects}\n%.o: %.c\n\tcc -c $<\n"
                                         "clean:\n\trm -f *.o program\n")
        sonde = self.sonde("run", "-q", "--", "make", "-j2", "-C", folder, stdin=subprocess.DEVNULL)
        status, _ = sonde.finish()
        self.assertEqual(status, 0, sonde.errors())
        self.check(sonde.trace(), 2000)
        self.assertEqual(subprocess.run([folder / "program"]).returncode, 0)

    def test_find(self):
        self.check(self.both("find", "/usr/share/doc", "-name", "copyright", "-newer", "/nonexistent"), 30)
        self.check(self.both("find", "/usr/include/linux", "-name", "*.h"), 100)

    def test_python_threads_and_children(self):
        script = ("import threading, subprocess\n"
                  "threads = [threading.Thread(target=lambda: subprocess.run(['true'], check=True)) for _ in range(8)]\n"
                  "[thread.start() for thread in threads]\n[thread.join() for thread in threads]\nprint('done')\n")
        self.check(self.both("python3", "-c", script), 1000)

    def test_gdb_runs_a_program(self):
        # A tracer that is traced itself: what it starts is sonde's already, which it must be told.
        if not shutil.which("gdb"):
            self.skipTest("no gdb")
        sonde = self.sonde("run", "-q", "--no-follow", "--", "gdb", "-nx", "-q", "-batch", "-ex", "run", "/bin/true",
                           stdin=subprocess.DEVNULL)
        status, lines = sonde.finish()
        self.assertEqual(status, 0)
        self.assertTrue([line for line in lines if "exited normally" in line], lines)

    def test_summary_and_formats(self):
        for options in (["-c"], ["-C"], ["--format", "json"], ["--format", "csv"], ["-y", "-tt", "-T"]):
            self.assertTrue(self.both("sh", "-c", "echo hello; ls / >/dev/null", options=options))


class Redis(LiveTest):
    def setUp(self):
        super().setUp()
        if not shutil.which("redis-server"):
            self.skipTest("no redis-server")
        self.socket = self.folder / "redis.sock"
        self.server = Program(self, ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--dir",
                                     self.folder, "--daemonize", "no"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL)
        wait_until(self.answers, "redis answers")

    def answers(self):
        try:
            return self.ask("PING") == "+PONG"
        except OSError:
            return False

    def ask(self, command):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(harness.LIMIT)
            client.connect(str(self.socket))
            client.sendall(command.encode() + b"\r\n")
            return client.makefile().readline().rstrip("\r\n")

    def test_attach_and_detach_under_load(self):
        load = Program(self, ["redis-cli", "-s", self.socket, "--pipe"], stdin=subprocess.PIPE)
        commands = "".join(f"INCR counter{i % 10}\r\n" for i in range(20000)).encode()
        sonde = self.sonde("attach", "-q", str(self.server.pid))
        sonde.wait_trace("epoll_wait")
        load.popen.stdin.write(commands)
        for _ in range(3):
            sonde.kill(signal.SIGINT)
            self.assertEqual(sonde.status(), 0, sonde.errors())
            self.assert_untouched(self.server.pid)
            self.assertEqual(self.ask("PING"), "+PONG")
            sonde = self.sonde("attach", "-q", str(self.server.pid))
            sonde.wait_trace("epoll_wait")
        load.popen.stdin.close()
        self.assertEqual(load.status(), 0)
        self.assertEqual(self.ask("GET counter3"), "$4")
        sonde.interrupt()
        self.assert_untouched(self.server.pid)
        self.server.kill(signal.SIGTERM)
        self.assertEqual(self.server.status(), 0)

    def test_tracer_killed_under_load(self):
        sonde = self.sonde("attach", "-q", str(self.server.pid))
        sonde.wait_trace("epoll_wait")
        for i in range(200):
            self.assertEqual(self.ask("INCR n"), f":{i + 1}")
        os.kill(sonde.tracer(), signal.SIGKILL)
        for i in range(200):
            self.assertEqual(self.ask("INCR n"), f":{i + 201}")
        sonde.status()
        self.assert_untouched(self.server.pid)


if __name__ == "__main__":
    harness.main()

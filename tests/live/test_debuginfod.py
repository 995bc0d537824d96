"""Debug files from servers: from Debian's debuginfod on this machine, and from servers that are slow, silent or lie."""

import functools
import http.server
import os
import re
import shutil
import socket
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

import harness
from harness import LiveTest, SONDE, wait_until

SOURCE = r"""
#include <unistd.h>
__attribute__((noinline)) int waits(void) { char c; return (int)read(0, &c, 1); }
int main(void) { return waits() + 1; }
"""


class Answers(http.server.BaseHTTPRequestHandler):
    """`answer(handler)` of the server decides what is sent."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.server.answer(self)

    def log_message(self, *_):
        pass


class Debuginfod(LiveTest):
    def setUp(self):
        super().setUp()
        (self.folder / "p.c").write_text(SOURCE)
        self.make("cc -g -O1 -Wl,--build-id -o whole p.c && mkdir bin && strip -o bin/program whole && mkdir debug && "
                  "mv whole debug/whole")
        self.program = self.folder / "bin/program"
        self.environment = dict(os.environ, DEBUGINFOD_CACHE_PATH=str(self.folder / "cache"), DEBUGINFOD_URLS="")
        notes = subprocess.run(["readelf", "-n", self.program], capture_output=True, text=True, check=True).stdout
        self.build_id = re.search(r"Build ID: (\w+)", notes)[1]
        listed = subprocess.run(["nm", self.folder / "debug/whole"], capture_output=True, text=True, check=True).stdout
        self.address = re.search(r"(\w+) T waits", listed)[1]

    def make(self, command):
        subprocess.run(command, shell=True, check=True, cwd=self.folder)

    def symbolize(self, *options):
        done = subprocess.run([SONDE, "symbolize", *options, self.program, self.address], capture_output=True, text=True,
                              env=self.environment, timeout=harness.LIMIT)
        return done.returncode, done.stdout, done.stderr

    def serve(self, answer):
        """A server on this machine; named in the environment."""
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        server.answer = answer
        server.asked = []
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        self.environment["DEBUGINFOD_URLS"] = f"http://127.0.0.1:{server.server_port}"
        return server

    def send(self, handler, body, status=200):
        handler.send_response(status)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    @unittest.skipUnless(shutil.which("debuginfod"), "no debuginfod")
    def test_debians_server(self):
        with socket.socket() as chosen:
            chosen.bind(("127.0.0.1", 0))
            port = chosen.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        with open(self.folder / "server.log", "wb") as log:
            server = subprocess.Popen(["debuginfod", "-p", str(port), "-d", ":memory:", "-F", self.folder / "debug"],
                                      stdout=log, stderr=log, env=self.environment)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)

        def has_it():
            try:
                return urllib.request.urlopen(f"{url}/buildid/{self.build_id}/debuginfo").status == 200
            except (urllib.error.URLError, ConnectionError):
                return False

        wait_until(has_it, "the server has read the file")
        self.environment["DEBUGINFOD_URLS"] = url
        self.assertEqual(self.symbolize()[1], "??\n??:0:0\n\n")
        status, text, errors = self.symbolize("--debuginfod")
        self.assertEqual((status, errors), (0, ""))
        self.assertIn(f"waits\n{self.folder}/p.c:3:", text)

    def test_nobody_is_asked_unasked(self):
        server = self.serve(functools.partial(self.send, body=b"", status=404))
        self.symbolize()
        self.assertEqual(server.asked, [])
        status, text, errors = self.symbolize("--debuginfod")
        self.assertEqual((status, text), (0, "??\n??:0:0\n\n"))
        self.assertIn("no debug information", errors)
        self.assertEqual(server.asked, [f"/buildid/{self.build_id}/debuginfo"])

    def test_a_process(self):
        whole = (self.folder / "debug/whole").read_bytes()
        server = self.serve(lambda handler: self.send(handler, whole) if self.build_id in handler.path
                            else self.send(handler, b"", 404))
        process = subprocess.Popen([self.program], stdin=subprocess.PIPE)
        self.addCleanup(process.wait)
        self.addCleanup(process.stdin.close)
        wait_until(lambda: harness.Proc.syscall(process.pid) == 0, "the program reads")
        done = subprocess.run([SONDE, "stack", "--debuginfod", str(process.pid)], capture_output=True, text=True,
                              env=self.environment, timeout=harness.LIMIT)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"waits\+0x\w+ .*p\.c:3")
        self.assertIn(f"/buildid/{self.build_id}/debuginfo", server.asked)

    def test_a_file_of_another_program_is_no_debug_file(self):
        other = (harness.TARGETS / "stacks").read_bytes()
        for body in (other, b"no ELF file"):
            with self.subTest(body[:4]):
                shutil.rmtree(self.folder / "cache", ignore_errors=True)
                self.serve(functools.partial(self.send, body=body))
                status, text, _ = self.symbolize("--debuginfod")
                self.assertEqual((status, text), (0, "??\n??:0:0\n\n"))

    def test_a_silent_server_is_given_up(self):
        silent = threading.Event()
        self.addCleanup(silent.set)
        self.serve(lambda handler: silent.wait())
        status, text, errors = self.symbolize("--debuginfod")
        self.assertEqual((status, text), (0, "??\n??:0:0\n\n"))
        self.assert_complaint(errors.splitlines()[0] + "\n", "--debuginfod", "silent")

    def test_a_file_that_is_too_large(self):
        def answer(handler):
            handler.send_response(200)
            handler.send_header("Content-Length", str(3 << 30))
            handler.end_headers()
            try:
                handler.wfile.write(b"x" * (1 << 20))
            except OSError:
                pass

        self.serve(answer)
        status, text, errors = self.symbolize("--debuginfod")
        self.assertEqual((status, text), (0, "??\n??:0:0\n\n"))
        self.assert_complaint(errors.splitlines()[0] + "\n", "--debuginfod", "too large")

    def test_no_server(self):
        status, _, errors = self.symbolize("--debuginfod")
        self.assertEqual(status, 125)
        self.assert_complaint(errors, "--debuginfod", "DEBUGINFOD_URLS")
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            self.environment["DEBUGINFOD_URLS"] = f"http://127.0.0.1:{closed.getsockname()[1]}"
            status, text, errors = self.symbolize("--debuginfod")
        self.assertEqual((status, text), (0, "??\n??:0:0\n\n"))
        self.assert_complaint(errors.splitlines()[0] + "\n", "--debuginfod", "no more")


if __name__ == "__main__":
    harness.main()

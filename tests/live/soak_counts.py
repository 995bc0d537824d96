"""Ten million events, whose tracer and console do not grow; a thousand attachments to a server under load."""

import os
import re
import shutil
import signal
import subprocess
import unittest

import harness
from harness import LiveTest, Proc, Program, TARGETS, wait_until

SCALE = float(os.environ.get("SONDE_SOAK_SCALE", "1"))
# A million calls take minutes under sanitizers.
harness.LIMIT = max(harness.LIMIT, 900)


def count(number):
    return max(1, round(number * SCALE))


class Events(LiveTest):
    ROUNDS = 10

    def peak(self, sonde):
        """The most memory that tracer and console have had, in KiB."""
        return {name: int(Proc.status(pid, "VmHWM").split()[0]) for name, pid in
                [("tracer", sonde.tracer()), ("console", sonde.console())]}

    def test_memory_is_flat(self):
        for options in ([], ["-c"], ["--format", "json"]):
            with self.subTest(options=options):
                sonde = self.sonde("run", "-q", *options, "-o", "/dev/null", "--", TARGETS / "steady", trace=False)
                sonde.ready()
                peaks = []
                # Each round makes as many events, an entry and an exit for each call.
                for _ in range(self.ROUNDS):
                    sonde.say(str(count(10_000_000 // 2 // self.ROUNDS)))
                    sonde.expect("made")
                    peaks.append(self.peak(sonde))
                self.assertEqual(sonde.finish()[0], 0, sonde.errors())
                print(f"{options}: peaks in KiB after the first round and the last: {peaks[0]}, {peaks[-1]}")
                for name, first in peaks[0].items():
                    # The ring's pages count as they are first touched.
                    self.assertLess(peaks[-1][name] - first, 9 * 1024 if SCALE < 0.1 else 512, (name, peaks))


class Redis(LiveTest):
    def setUp(self):
        super().setUp()
        if not shutil.which("redis-benchmark"):
            self.skipTest("no redis")
        self.socket = self.folder / "redis.sock"
        self.server = Program(self, ["redis-server", "--port", "0", "--unixsocket", self.socket, "--save", "", "--dir", self.folder,
                                     "--daemonize", "no"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        wait_until(lambda: self.ask("PING") == "PONG", "redis answers")

    def ask(self, *words):
        return subprocess.run(["redis-cli", "-s", self.socket, *words], capture_output=True, text=True).stdout.strip()

    def test_a_thousand_attachments_under_load(self):
        self.attach_often(lambda pid: Proc.all_traced(pid))

    def test_a_thousand_watches_of_the_heap_under_load(self):
        self.attach_often(lambda pid: Proc.all_traced(pid) and harness.changed_code(pid), "--events", "heap")

    def attach_often(self, is_attached, *options):
        load = Program(self, ["redis-benchmark", "-s", self.socket, "-q", "-l", "-t", "set,get,lpush", "-c", "8"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        pid = self.server.pid
        rounds = count(1000)
        for _ in range(rounds):
            sonde = self.sonde("attach", "-q", *options, "-o", "/dev/null", str(pid), trace=False)
            wait_until(lambda: is_attached(pid) or sonde.popen.poll() is not None, "it is attached")
            sonde.interrupt()
            self.assert_untouched(pid)
            self.assertEqual(harness.changed_code(pid), [])
            self.programs.remove(sonde)
            sonde.close()
        self.assertEqual(self.ask("PING"), "PONG")
        self.assertIsNone(load.popen.poll(), load.errors())
        self.assertEqual(load.errors(), "")
        load.kill(signal.SIGTERM)
        load.status()
        served = int(re.search(r"total_commands_processed:(\d+)", self.ask("INFO", "stats")).group(1))
        print(f"{rounds} rounds {options}; {served} commands were served meanwhile")
        self.assertGreater(served, 10 * rounds)
        self.server.kill(signal.SIGTERM)
        self.assertEqual(self.server.status(), 0)


if __name__ == "__main__":
    harness.main()

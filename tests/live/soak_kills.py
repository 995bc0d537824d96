"""A tracer that watches a heap is killed, a thousand times: how many processes does it take with it? The count is printed; it
is to be none."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
import unittest

import harness
from harness import LiveTest, Program, changed_code, wait_until
from test_trap_handler import handles_trap

SCALE = float(os.environ.get("SONDE_SOAK_SCALE", "1"))


class Kills(LiveTest):
    def kill_while_it_watches(self, pid):
        sonde = self.sonde("attach", "-qq", "--events", "heap", "-o", "/dev/null", str(pid), trace=False)
        wait_until(lambda: handles_trap(pid) or sonde.popen.poll() is not None, "the process has the handler")
        end = time.monotonic() + random.random() * 0.02  # Any moment will do.
        while time.monotonic() < end:
            pass
        os.kill(sonde.tracer(), signal.SIGKILL)
        self.assertEqual(sonde.status(), 125)
        self.programs.remove(sonde)
        sonde.close()

    def count(self, share):
        return max(1, round(1000 * share * SCALE))

    def test_of_programs_that_do_nothing_but_allocate(self):
        died = rounds = 0
        for threads in (1, 4, 32):
            for _ in range(self.count(0.2)):
                target = self.target("allocations", "churn", str(threads))
                target.ready()
                target.say()
                target.expect("going")
                self.kill_while_it_watches(target.pid)
                rounds += 1
                if target.popen.poll() is not None:
                    died += 1
                else:
                    self.assertEqual(changed_code(target.pid), [])
                    self.assertFalse(handles_trap(target.pid))
                    target.say()
                    died += target.finish()[0] != 0
                self.programs.remove(target)
                target.close()
        print(f"{rounds} kills: {died} targets died")
        self.assertEqual(died, 0)

    @unittest.skipUnless(shutil.which("redis-benchmark"), "no redis")
    def test_of_a_server_under_load(self):
        socket = self.folder / "redis.sock"
        server = Program(self, ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", self.folder],
                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

        def ask(*words):
            return subprocess.run(["redis-cli", "-s", socket, *words], capture_output=True, text=True).stdout.strip()
        wait_until(lambda: ask("PING") == "PONG", "redis answers")
        load = Program(self, ["redis-benchmark", "-s", socket, "-q", "-l", "-t", "set,get,lpush", "-c", "8"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        rounds = self.count(0.4)
        for done in range(rounds):
            self.kill_while_it_watches(server.pid)
            self.assertIsNone(server.popen.poll(), f"the server is dead after {done} kills")
            self.assertEqual(changed_code(server.pid), [])
        self.assertIsNone(load.popen.poll())
        self.assertEqual(load.errors(), "")
        served = int(re.search(r"total_commands_processed:(\d+)", ask("INFO", "stats")).group(1))
        print(f"{rounds} kills: the server lives and has served {served} commands")
        load.kill(signal.SIGTERM)
        load.status()
        server.kill(signal.SIGTERM)
        self.assertEqual(server.status(), 0)


if __name__ == "__main__":
    harness.main()

"""Whichever process of sonde's dies, and whatever happens to the output: the traced program ends with the right result,
and nobody is left stopped, traced or running."""

import os
import random
import re
import signal
import subprocess
import time
import unittest

import harness
from harness import LiveTest, Proc, Program, SONDE, TARGETS, marks, wait_until

RIGHT = "sum right signals right"


def kill_at_random(pid):
    """Not after a handshake: any moment will do, also one after its end."""
    end = time.monotonic() + random.random() ** 2 * 0.15
    while time.monotonic() < end:
        pass
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


class Killed(LiveTest):
    """SIGKILL of each process, at moments drawn at random."""

    rounds = int(os.environ.get("SONDE_TEST_ROUNDS", "12"))

    def victim(self, sonde, who):
        return {"keeper": lambda: sonde.pid, "tracer": sonde.tracer, "console": sonde.console}[who]()

    def run_round(self, who):
        sonde = self.sonde("run", "--", TARGETS / "work", "1000")
        victim = self.victim(sonde, who)
        sonde.ready()
        sonde.say()
        kill_at_random(victim)
        # The keeper is gone: its pipes are the program's as well, so the output ends with the program.
        self.check_result(who, sonde.rest())
        status = sonde.status()
        if who == "keeper":
            self.assertIn(status, (21, -signal.SIGKILL))  # It may have ended a moment before.
        else:
            self.assertIn(status, (21, 125), sonde.errors())
        wait_until(lambda: self.nobody_left(), "everybody has ended")

    def check_result(self, who, lines):
        self.assertEqual(lines, [RIGHT], who)

    def nobody_left(self):
        while True:
            try:
                if os.waitpid(-1, os.WNOHANG)[0] == 0:
                    break
            except ChildProcessError:
                break
        return not harness.descendants(os.getpid())

    def attach_round(self, who):
        target = self.target("work", "1000")
        pid = target.ready()
        sonde = self.sonde("attach", str(pid))
        victim = self.victim(sonde, who)
        wait_until(lambda: Proc.tracer(pid), "it is traced")
        target.say()
        kill_at_random(victim)
        status, lines = target.finish()
        self.assertEqual(status, 21)
        self.check_result(who, lines)
        status = sonde.status()
        if who == "keeper":
            self.assertIn(status, (0, -signal.SIGKILL))
        else:
            self.assertIn(status, (0, 125))
        wait_until(lambda: self.nobody_left(), "everybody has ended")

    def test_tracer_while_running(self):
        for _ in range(self.rounds):
            self.run_round("tracer")

    def test_console_while_running(self):
        for _ in range(self.rounds):
            self.run_round("console")

    def test_keeper_while_running(self):
        for _ in range(self.rounds):
            self.run_round("keeper")

    def test_tracer_while_attached(self):
        for _ in range(self.rounds):
            self.attach_round("tracer")

    def test_console_while_attached(self):
        for _ in range(self.rounds):
            self.attach_round("console")

    def test_keeper_while_attached(self):
        for _ in range(self.rounds):
            self.attach_round("keeper")

    def test_what_is_said(self):
        for who, word in (("tracer", "tracer"), ("console", "console")):
            target = self.target("idle")
            pid = target.ready()
            sonde = self.attached(target)
            os.kill(self.victim(sonde, who), signal.SIGKILL)
            self.assertEqual(sonde.status(), 125)
            last = sonde.errors().splitlines()[-1]
            self.assertTrue(last.startswith("sonde: ") and word in last and "signal 9" in last, sonde.errors())
            self.assert_untouched(pid)

    def test_kill_on_exit(self):
        for who in ("tracer", "keeper"):
            sonde = self.sonde("run", "--kill-on-exit", "--", TARGETS / "idle")
            pid = sonde.ready()
            os.kill(self.victim(sonde, who), signal.SIGKILL)
            sonde.status()
            wait_until(lambda: Proc.state(pid) in (None, "Z"), "the program has ended")
            self.assertEqual(marks(sonde.trace()), [])

    def test_detached_in_spite_of_kill_on_exit(self):
        # Asked to leave, sonde does not die, and the program goes on.
        target = self.target("idle", 3)
        pid = target.ready()
        sonde = self.attached(target, "--kill-on-exit")
        sonde.interrupt()
        self.assert_untouched(pid)
        target.say()
        self.assertEqual(target.finish(), (3, ["heard"]))

    def test_tracer_of_a_program_filtered_in_the_kernel(self):
        # It cannot live without its tracer, and must not go on with calls that fail.
        for _ in range(self.rounds):
            sonde = self.sonde("run", "-e", "trace=write,close,clone,clone3", "--", TARGETS / "work", "1000")
            pid = sonde.ready()
            victim = sonde.tracer()
            sonde.say()
            kill_at_random(victim)
            lines = sonde.rest()
            status = sonde.status()
            if lines:  # It had ended a moment before.
                self.assertEqual(lines, [RIGHT])
                self.assertIn(status, (21, 125))
            else:
                self.assertEqual(status, 125, sonde.errors())
                self.assertIn("signal 9", sonde.errors())
                self.assertIn("ended with it", sonde.errors())
            self.assertIsNone(Proc.state(pid))
            wait_until(lambda: self.nobody_left(), "everybody has ended")

    def test_keeper_and_console_of_a_program_filtered_in_the_kernel(self):
        # The tracer stays, silent, and the program ends as it would have.
        for who in ("keeper", "console"):
            for _ in range(self.rounds):
                sonde = self.sonde("run", "-e", "trace=write,close,clone,clone3", "--", TARGETS / "work", "1000")
                victim = self.victim(sonde, who)
                sonde.ready()
                sonde.say()
                kill_at_random(victim)
                self.assertEqual(sonde.rest(), [RIGHT], sonde.errors())
                self.assertIn(sonde.status(), (21, 125, -signal.SIGKILL))
                wait_until(lambda: self.nobody_left(), "everybody has ended")

    def test_program(self):
        for options in ([], ["-e", "trace=write"]):
            for _ in range(self.rounds):
                sonde = self.sonde("run", *options, "--", TARGETS / "work", "1000")
                pid = sonde.ready()
                sonde.say()
                kill_at_random(pid)
                status = sonde.status()
                self.assertIn(status, (21, -signal.SIGKILL), sonde.errors())
                if status != 21:
                    self.assertIn(f"+++ killed by SIGKILL +++", sonde.trace())
                wait_until(lambda: self.nobody_left(), "everybody has ended")


class OutputEnds(LiveTest):
    def busy(self):
        target = self.target("busy_threads", 2, 1)
        return target, target.ready()

    def unharmed(self, target, pid):
        self.assert_untouched(pid)
        target.say()
        target.expect("all ran")
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))

    def attach(self, *options, **popen_options):
        target, pid = self.busy()
        sonde = self.sonde("attach", *options, str(pid), trace=False, **popen_options)
        return target, pid, sonde

    def test_command_that_reads_one_line(self):
        target, pid, sonde = self.attach("-o", "|head -1")
        self.assertEqual(sonde.status(), 0, sonde.errors())
        self.assertEqual(len(sonde.rest()), 1)
        self.unharmed(target, pid)

    def test_command_that_reads_one_line_in_run_mode(self):
        # The program runs on, and its status counts.
        sonde = self.sonde("run", "-o", "|head -1 >/dev/null", "--", TARGETS / "work", "3000", trace=False)
        sonde.ready()
        sonde.say()
        self.assertEqual(sonde.finish(), (21, [RIGHT]))

    def test_closed_pipe(self):
        read_end, write_end = os.pipe()
        target, pid, sonde = self.attach(stderr=write_end)
        os.close(write_end)
        os.read(read_end, 100)
        os.close(read_end)
        self.assertEqual(sonde.status(), 0)
        self.unharmed(target, pid)

    def test_full_device(self):
        target, pid, sonde = self.attach("-o", "/dev/full")
        self.assertEqual(sonde.status(), 125)
        self.assertIn("/dev/full", sonde.errors())
        self.assertIn("No space left on device", sonde.errors())
        self.unharmed(target, pid)

    def test_full_device_in_run_mode(self):
        sonde = self.sonde("run", "-o", "/dev/full", "--", TARGETS / "work", "1000", trace=False)
        sonde.ready()
        sonde.say()
        status, lines = sonde.finish()
        self.assertEqual((status, lines), (125, [RIGHT]))
        self.assertIn("No space left on device", sonde.errors())

    def test_full_device_for_a_recording(self):
        target, pid = self.busy()
        sonde = self.sonde("record", "-o", "/dev/full", "attach", str(pid), trace=False)
        self.assertEqual(sonde.status(), 125, sonde.errors())
        self.assertIn("No space left on device", sonde.errors())
        self.unharmed(target, pid)

    @unittest.skipUnless(os.getuid() == 0, "mounts a file system")
    def test_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40k", "tmpfs", disk], check=True)
        self.addCleanup(subprocess.run, ["umount", "--lazy", disk], check=True)  # Some may still use it.
        for verb in (["attach", "-o", disk / "trace"], ["record", "-o", disk / "trace.sonde", "attach"]):
            target, pid = self.busy()
            sonde = self.sonde(*verb, str(pid), trace=False)
            self.assertEqual(sonde.status(), 125, sonde.errors())
            self.assertIn("No space left on device", sonde.errors())
            self.unharmed(target, pid)
            for path in disk.iterdir():
                path.unlink()

    def test_file_size_limit(self):
        import resource
        target, pid, sonde = self.attach(
            "-o", self.folder / "trace",
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000)))
        self.assertEqual(sonde.status(), 125, sonde.errors())
        self.assertIn("File too large", sonde.errors())
        self.unharmed(target, pid)

    def test_most_output(self):
        trace = self.folder / "trace"
        target, pid, sonde = self.attach("-o", trace, "--max-output", "100kB")
        self.assertEqual(sonde.status(), 0, sonde.errors())
        self.assertLessEqual(trace.stat().st_size, 100000)
        self.assertGreater(trace.stat().st_size, 90000)
        self.assertTrue(trace.read_text().endswith("\n"))
        self.unharmed(target, pid)

    def test_timeout(self):
        target, pid, sonde = self.attach("-o", "/dev/null", "--timeout", "100ms")
        self.assertEqual(sonde.status(), 0, sonde.errors())
        self.unharmed(target, pid)

    def test_timeout_in_run_mode(self):
        sonde = self.sonde("run", "--timeout", "50ms", "--", TARGETS / "idle", "9")
        pid = sonde.ready()
        wait_until(lambda: Proc.tracer(pid) == 0, "it is let go")
        sonde.say()
        self.assertEqual(sonde.finish(), (9, ["heard"]))
        self.assertEqual(marks(sonde.trace()), [])

    def test_reader_that_does_not_read(self):
        # The pipe is full, so the console sleeps in write and the ring fills up. Detaching works all the same; asking
        # twice ends sonde too.
        read_end, write_end = os.pipe()
        target, pid, sonde = self.attach(stderr=write_end)
        os.close(write_end)
        console = sonde.console()
        wait_until(lambda: Proc.syscall(console) == 1, "the console sleeps in write")
        sonde.kill(signal.SIGINT)
        wait_until(lambda: not any(map(Proc.tracer, Proc.tasks(pid))), "everybody is let go")
        self.unharmed(target, pid)
        sonde.kill(signal.SIGINT)
        sonde.status()
        os.close(read_end)

    def test_reader_that_is_slow(self):
        # Blocked, not lost: every event arrives although the ring was full.
        read_end, write_end = os.pipe()
        sonde = self.sonde("run", "--", TARGETS / "fair", "0", stderr=write_end, trace=False)
        os.close(write_end)
        sonde.ready()
        sonde.say()
        text = b""
        while chunk := os.read(read_end, 512):
            text += chunk
        os.close(read_end)
        self.assertEqual(sonde.status(), 0)
        self.assertEqual(text.count(b"close(9001)"), 1000)

    def test_overflow_drops_are_counted(self):
        read_end, write_end = os.pipe()
        target, pid, sonde = self.attach("--overflow", "drop", stderr=write_end)
        os.close(write_end)
        console = sonde.console()
        wait_until(lambda: Proc.syscall(console) == 1, "the console sleeps in write")
        # Nobody reads, and the threads run on all the same.
        target.say()
        target.expect("all ran")
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))
        text = b""
        while chunk := os.read(read_end, 1 << 20):
            text += chunk
        os.close(read_end)
        self.assertEqual(sonde.status(), 0)


if __name__ == "__main__":
    harness.main()

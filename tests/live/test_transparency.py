"""What a program can see of its surroundings is the same with sonde as without."""

import os
import pathlib
import resource
import signal
import subprocess
import unittest

import harness
from harness import LiveTest, Proc, SONDE, TARGETS, wait_until
from test_job_control import Terminal


class Transparency(LiveTest):
    def state(self, *prefix, **options):
        options.setdefault("stdin", subprocess.DEVNULL)
        program = harness.Program(self, [*prefix, TARGETS / "state", "one", "two words"], **options)
        status, lines = program.finish()
        self.assertEqual(status, 0, program.errors())
        self.assertGreater(len(lines), 40)
        return lines

    def same(self, *options_of_sonde, **options):
        plain = self.state(**options)
        for verb in (["run"], ["run", "-c"], ["record", "-o", self.folder / "t.sonde", "run"]):
            output = [] if verb[0] == "record" else ["-o", self.folder / "trace"]
            traced = self.state(SONDE, *verb, *output, *options_of_sonde, "--", **options)
            self.assertEqual(traced, plain)

    def test_as_usual(self):
        self.same()

    def test_with_output_to_a_command(self):
        plain = self.state()
        self.assertEqual(self.state(SONDE, "run", "-o", "|cat >/dev/null", "--"), plain)

    def test_with_signals_blocked_and_ignored(self):
        def prepare():
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGCHLD, signal.SIGUSR1, signal.SIGALRM,
                                                      signal.SIGIO, signal.SIGTSTP, signal.SIGRTMIN + 3])
            for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR2, signal.SIGTTOU, signal.SIGPIPE,
                           signal.SIGXFSZ):
                signal.signal(number, signal.SIG_IGN)

        self.same(preexec_fn=prepare, restore_signals=False)

    def test_with_children_ignored(self):
        # SIG_IGN for SIGCHLD makes a parent's children vanish: sonde must not be lost itself, nor take it from the
        # program.
        self.same(preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN), restore_signals=False)

    def test_with_open_files(self):
        with open("/dev/null") as null:
            os.set_inheritable(null.fileno(), True)
            self.same(pass_fds=[null.fileno()])

    def test_with_closed_standard_streams(self):
        plain = harness.Program(self, ["sh", "-c", f"{TARGETS / 'state'} 0<&-"]).finish()
        traced = harness.Program(self, ["sh", "-c", f"{SONDE} run -o /dev/null -- {TARGETS / 'state'} 0<&-"]).finish()
        self.assertEqual(traced, plain)

    def test_with_limits_and_a_nice_value(self):
        def prepare():
            os.nice(5)
            os.umask(0o027)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_NOFILE, (200, 300))

        self.same(preexec_fn=prepare)

    def test_with_an_affinity(self):
        cpus = sorted(os.sched_getaffinity(0))
        for chosen in ({cpus[0]}, {cpus[-1]}):
            self.same(preexec_fn=lambda: os.sched_setaffinity(0, chosen))

    def test_affinity_of_an_attached_process(self):
        target = self.target("busy_threads", 2, 0)
        pid = target.ready()
        before = [os.sched_getaffinity(tid) for tid in Proc.tasks(pid)]
        sonde = self.sonde("attach", str(pid))
        sonde.wait_trace(r"getppid\(\)")
        self.assertEqual([os.sched_getaffinity(tid) for tid in Proc.tasks(pid)], before)
        sonde.interrupt()
        self.assertEqual([os.sched_getaffinity(tid) for tid in Proc.tasks(pid)], before)

    def test_on_a_terminal(self):
        def seen(*command):
            terminal = Terminal(self, command)
            status = terminal.status()
            terminal.drain()
            self.assertEqual(status, 0)
            # Whoever is execed by the terminal's opener leads its session; under sonde that is sonde.
            return [line for line in terminal.seen.splitlines() if not line.startswith("leads its group")]

        plain = seen("sh", "-c", f"{TARGETS / 'state'}; exit 0")
        self.assertEqual(seen("sh", "-c", f"{SONDE} run -o /dev/null -- {TARGETS / 'state'}; exit 0"), plain)
        foreground = [line for line in Terminal_lines(self, SONDE, "run", "-o", "/dev/null", "--", TARGETS / "state")
                      if line.startswith("leads its group")]
        self.assertEqual(foreground, ["leads its group 0, session 0, group in the foreground 1, terminal 1"])

    def test_output_of_the_program_is_its_own(self):
        sonde = self.sonde("run", "-q", "--", "sh", "-c", "echo out; echo err >&2; cat")
        sonde.say("through")
        status, lines = sonde.finish()
        self.assertEqual((status, lines, sonde.errors()), (0, ["out", "through"], "err\n"))

    def test_no_process_is_left(self):
        sonde = self.sonde("run", "--", "true")
        sonde.finish()
        self.assertEqual(harness.descendants(os.getpid()), [])


def Terminal_lines(test, *command):
    terminal = Terminal(test, command)
    test.assertEqual(terminal.status(), 0)
    terminal.drain()
    return terminal.seen.splitlines()


if __name__ == "__main__":
    harness.main()

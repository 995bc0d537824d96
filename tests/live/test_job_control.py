"""Group-stops, terminals and shells: job control as if no tracer were there."""

import os
import pty
import re
import select
import signal
import time
import unittest

import harness
from harness import LIMIT, LiveTest, Proc, SONDE, TARGETS, wait_until

STOPS = (signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)


def stopped(pid):
    """All tasks are in a group-stop, seen with or without a tracer."""
    tasks = Proc.tasks(pid)
    return bool(tasks) and all(Proc.state(tid) in ("T", "t") for tid in tasks)


class GroupStop(LiveTest):
    # In a group of its own, whose parent is in another of the session: where nobody could continue it, in an orphaned
    # group, SIGTSTP, SIGTTIN and SIGTTOU do not stop a program. The tests' own group may be one.
    def target(self, *arguments, **options):
        return super().target(*arguments, process_group=0, **options)

    def sonde(self, *arguments, **options):
        return super().sonde(*arguments, process_group=0, **options)

    def test_stop_and_continue_attached(self):
        target = self.target("stoppable")
        pid = target.ready()
        sonde = self.attached(target)
        for number in STOPS:
            os.kill(pid, number)
            sonde.wait_trace(f"--- stopped by {number.name} ---")
            wait_until(lambda: stopped(pid), "it is stopped")
            os.kill(pid, signal.SIGCONT)
            target.expect("continued")
        target.say()
        target.expect("running")
        target.say()
        self.assertEqual(target.finish(), (4, ["done"]))
        self.assertEqual(sonde.status(), 0)

    def test_parent_sees_stop_and_continue(self):
        # waitpid of the real parent: WUNTRACED and WCONTINUED work beside a tracer.
        target = self.target("stoppable")
        pid = target.ready()
        sonde = self.attached(target)
        os.kill(pid, signal.SIGSTOP)
        status = wait_until(lambda: os.waitpid(pid, os.WUNTRACED | os.WNOHANG)[1], "the parent sees the stop")
        self.assertTrue(os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGSTOP)
        os.kill(pid, signal.SIGCONT)
        status = wait_until(lambda: os.waitpid(pid, os.WCONTINUED | os.WNOHANG)[1], "the parent sees it go on")
        self.assertTrue(os.WIFCONTINUED(status))
        target.expect("continued")
        sonde.interrupt()

    def test_attach_to_a_stopped_process(self):
        target = self.target("stoppable")
        pid = target.ready()
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: stopped(pid), "it is stopped")
        for _ in range(3):
            sonde = self.sonde("attach", str(pid))
            sonde.wait_trace("--- stopped by SIGSTOP ---")
            self.assertTrue(stopped(pid))
            sonde.interrupt()
            wait_until(lambda: all(Proc.state(tid) == "T" for tid in Proc.tasks(pid)), "it stays stopped")
            self.assertFalse(any(map(Proc.tracer, Proc.tasks(pid))))
        os.kill(pid, signal.SIGCONT)
        target.expect("continued")
        target.say()
        target.expect("running")

    def test_attach_to_a_stopped_process_and_continue_it(self):
        target = self.target("stoppable")
        pid = target.ready()
        os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: stopped(pid), "it is stopped")
        sonde = self.sonde("attach", str(pid))
        sonde.wait_trace("--- stopped by SIGSTOP ---")
        os.kill(pid, signal.SIGCONT)
        target.expect("continued")
        target.say()
        target.expect("running")
        sonde.interrupt()

    def test_stopped_while_traced_stays_stopped(self):
        target = self.target("stoppable")
        pid = target.ready()
        sonde = self.attached(target)
        os.kill(pid, signal.SIGSTOP)
        sonde.wait_trace("--- stopped by SIGSTOP ---")
        wait_until(lambda: stopped(pid), "it is stopped")
        sonde.interrupt()
        wait_until(lambda: all(Proc.state(tid) == "T" for tid in Proc.tasks(pid)), "it stays stopped")
        os.kill(pid, signal.SIGCONT)
        target.expect("continued")

    def test_stopped_process_and_a_killed_tracer(self):
        target = self.target("stoppable")
        pid = target.ready()
        sonde = self.attached(target)
        os.kill(pid, signal.SIGSTOP)
        sonde.wait_trace("--- stopped by SIGSTOP ---")
        wait_until(lambda: stopped(pid), "it is stopped")
        os.kill(sonde.tracer(), signal.SIGKILL)
        sonde.status()
        wait_until(lambda: all(Proc.state(tid) == "T" for tid in Proc.tasks(pid)), "it stays stopped")
        os.kill(pid, signal.SIGCONT)
        target.expect("continued")

    def test_stop_and_continue_in_run_mode(self):
        sonde = self.sonde("run", "--", TARGETS / "stoppable")
        pid = sonde.ready()
        for number in STOPS:
            os.kill(pid, number)
            sonde.wait_trace(f"--- stopped by {number.name} ---")
            wait_until(lambda: stopped(pid), "it is stopped")
            os.kill(pid, signal.SIGCONT)
            sonde.expect("continued")
        sonde.say()
        sonde.expect("running")
        sonde.say()
        self.assertEqual(sonde.finish(), (4, ["done"]))

    def test_stop_storm_in_run_mode(self):
        sonde = self.sonde("run", "--", TARGETS / "stoppable")
        pid = sonde.ready()
        for _ in range(50):
            os.kill(pid, signal.SIGSTOP)
            os.kill(pid, signal.SIGCONT)
        sonde.say()
        while sonde.hear() != "running":
            pass
        sonde.say()
        status, lines = sonde.finish()
        self.assertEqual((status, lines[-1]), (4, "done"))

    def test_killed_while_stopped(self):
        sonde = self.sonde("run", "--", TARGETS / "stoppable")
        pid = sonde.ready()
        os.kill(pid, signal.SIGSTOP)
        sonde.wait_trace("--- stopped by SIGSTOP ---")
        os.kill(pid, signal.SIGKILL)
        self.assertEqual(sonde.status(), -signal.SIGKILL)


class Terminal:
    """A pseudo terminal with a job-control shell, or another program, in the foreground."""

    def __init__(self, test, arguments, environment=None):
        self.test = test
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(arguments[0], [str(argument) for argument in arguments], environment or os.environ)
        os.set_inheritable(self.fd, False)
        test.addCleanup(self.close)

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern):
        """Waits until what is on the terminal, and was not taken yet, matches; takes it."""
        deadline = time.monotonic() + LIMIT
        expression = re.compile(pattern, re.MULTILINE)
        while True:
            found = expression.search(self.seen)
            if found:
                self.seen = self.seen[found.end():]
                return found
            readable, _, _ = select.select([self.fd], [], [], max(0, deadline - time.monotonic()))
            if not readable:
                raise AssertionError(f"not within {LIMIT:g} s on the terminal: {pattern}; there is: {self.seen!r}; "
                                     f"{harness.states(self.pid)}")
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                data = b""
            if not data:
                raise AssertionError(f"the terminal closed; not seen: {pattern}; there is: {self.seen!r}")
            self.seen += data.decode(errors="replace").replace("\r\n", "\n")

    def status(self):
        def ended():
            self.drain()
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            return (status,) if pid else None

        status, = wait_until(ended, "the program on the terminal ends")
        self.pid = 0
        self.drain()
        return os.waitstatus_to_exitcode(status)

    def drain(self):
        while select.select([self.fd], [], [], 0)[0]:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            if not data:
                return
            self.seen += data.decode(errors="replace").replace("\r\n", "\n")

    def close(self):
        os.close(self.fd)


class OnATerminal(LiveTest):
    def shell(self):
        terminal = Terminal(self, ["bash", "--norc", "--noprofile", "-i"],
                            {**os.environ, "PS1": "prompt> ", "TERM": "dumb", "HISTFILE": ""})
        terminal.expect("prompt> ")
        terminal.type("stty -echo\n")
        terminal.expect("prompt> ")
        return terminal

    def bring_back(self, shell, pid):
        """A background job reads the terminal, is stopped for that, and is brought to the foreground."""
        keeper = int(Proc.status(pid, "PPid"))
        wait_until(lambda: stopped(pid) and Proc.state(keeper) == "T", "it is stopped for reading the terminal")
        shell.type("fg\n")
        shell.expect("continued")

    def test_control_z_and_foreground(self):
        shell = self.shell()
        trace = self.folder / "trace"
        shell.type(f"{SONDE} run -o {trace} -- {TARGETS / 'stoppable'}\n")
        pid = int(shell.expect(r"ready (\d+)").group(1))
        for _ in range(3):
            shell.type("\x1a")
            shell.expect(r"Stopped.*\n")
            shell.expect("prompt> ")
            wait_until(lambda: stopped(pid), "it is stopped")
            shell.type("fg\n")
            shell.expect("continued")
        # In the background too.
        shell.type("\x1a")
        shell.expect(r"Stopped.*\n")
        shell.expect("prompt> ")
        shell.type("bg\n")
        shell.expect("continued")
        self.bring_back(shell, pid)
        shell.type("\n")
        shell.expect("running")
        shell.type("\n")
        shell.expect("done")
        shell.type("echo status $?\n")
        shell.expect("status 4\n")
        self.assertIn("--- stopped by SIGTSTP ---", trace.read_text())
        # Each time once, and by the shell: sonde has not sent another.
        senders = re.findall(rf"^{pid} +--- SIGCONT {{.*si_pid=(\d+)", trace.read_text(), re.MULTILINE)
        self.assertEqual(senders, [str(shell.pid)] * 5)

    def test_sonde_continued_alone(self):
        shell = self.shell()
        trace = self.folder / "trace"
        shell.type(f"{SONDE} run -o {trace} -- {TARGETS / 'stoppable'}\n")
        pid = int(shell.expect(r"ready (\d+)").group(1))
        keeper = int(Proc.status(pid, "PPid"))
        shell.type("\x1a")
        shell.expect(r"Stopped.*\n")
        wait_until(lambda: stopped(pid) and Proc.state(keeper) == "T", "both are stopped")
        os.kill(keeper, signal.SIGCONT)
        shell.expect("continued")
        self.bring_back(shell, pid)
        shell.type("\n")
        shell.expect("running")
        shell.type("\n")
        shell.expect("done")
        shell.expect("prompt> ")
        senders = re.findall(rf"^{pid} +--- SIGCONT {{.*si_pid=(\d+)", trace.read_text(), re.MULTILINE)
        self.assertEqual(senders, [str(keeper), str(shell.pid)])

    def test_leaderless_program_continued(self):
        # What goes on is not the thread that the program began with: sonde must notice all the same.
        shell = self.shell()
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        shell.type(f"{SONDE} run -o /dev/null -- {TARGETS / 'leaderless'} <>{fifo}\n")
        pid = int(shell.expect(r"ready (\d+)").group(1))
        keeper = int(Proc.status(pid, "PPid"))
        wait_until(lambda: Proc.state(pid) == "Z", "the leader has ended")
        os.kill(pid, signal.SIGSTOP)
        shell.expect(r"Stopped.*\n")
        wait_until(lambda: Proc.state(keeper) == "T", "sonde is stopped")
        os.kill(pid, signal.SIGCONT)
        wait_until(lambda: Proc.state(keeper) == "S", "sonde goes on")
        fifo.write_text("\n")
        shell.expect("done")
        shell.type("wait %1; echo status $?\n")
        shell.expect("status 8\n")

    def test_control_z_with_a_handler(self):
        shell = self.shell()
        shell.type(f"{SONDE} run -o /dev/null -- {TARGETS / 'stoppable'} handler\n")
        shell.expect(r"ready (\d+)")
        shell.type("\x1a")
        shell.expect("stopping")
        shell.expect(r"Stopped.*\n")
        shell.expect("prompt> ")
        shell.type("fg\n")
        shell.expect("continued")
        shell.type("\n")
        shell.expect("running")
        shell.type("\n")
        shell.expect("done")
        shell.type("echo status $?\n")
        shell.expect("status 4\n")

    def test_job_stopped_and_continued_by_others(self):
        shell = self.shell()
        shell.type(f"{SONDE} run -o /dev/null -- {TARGETS / 'stoppable'}\n")
        pid = int(shell.expect(r"ready (\d+)").group(1))
        os.kill(pid, signal.SIGSTOP)
        shell.expect(r"Stopped.*\n")
        shell.expect("prompt> ")
        os.kill(pid, signal.SIGCONT)
        shell.expect("continued")
        self.bring_back(shell, pid)
        shell.type("\n")
        shell.expect("running")
        shell.type("\n")
        shell.expect("done")
        shell.type("echo status $?\n")
        shell.expect("status 4\n")

    def test_background_job_that_reads_the_terminal(self):
        shell = self.shell()
        shell.type(f"{SONDE} run -o /dev/null -- {TARGETS / 'stoppable'} &\n")
        pid = int(shell.expect(r"ready (\d+)").group(1))
        self.bring_back(shell, pid)
        shell.type("\n")
        shell.expect("running")
        shell.type("\n")
        shell.expect("done")

    def test_control_c_with_a_handler(self):
        # The program handles it and goes on, and so does the trace.
        trace = self.folder / "trace"
        terminal = Terminal(self, [SONDE, "run", "-o", trace, "--", TARGETS / "handler"])
        terminal.expect("ready")
        for _ in range(3):
            terminal.type("\x03")
            terminal.expect("interrupted")
        terminal.type("\n")
        terminal.expect("heard")
        terminal.type("\n")
        self.assertEqual(terminal.status(), 6)
        self.assertEqual(len(harness.marks(trace.read_text(), 1)), 1)
        self.assertEqual(len(re.findall("--- SIGINT ", trace.read_text())), 3)

    def test_control_c_without_a_handler(self):
        for keys, number in (("\x03", signal.SIGINT), ("\x1c", signal.SIGQUIT)):
            trace = self.folder / "trace"
            terminal = Terminal(self, [SONDE, "run", "-o", trace, "--", TARGETS / "idle"])
            terminal.expect("ready")
            terminal.type(keys)
            self.assertEqual(terminal.status(), -number)
            self.assertIn(f"+++ killed by {number.name}", trace.read_text())

    def test_control_c_detaches_from_what_was_attached_to(self):
        target = self.target("idle", 3)
        pid = target.ready()
        terminal = Terminal(self, [SONDE, "attach", pid])
        terminal.expect(r"read\(0")
        terminal.type("\x03")
        self.assertEqual(terminal.status(), 0)
        self.assert_untouched(pid)
        target.say()
        self.assertEqual(target.finish(), (3, ["heard"]))
        self.assertIn("<detached ...>", terminal.seen)

    def test_hang_up(self):
        target = self.target("idle", 3)
        pid = target.ready()
        terminal = Terminal(self, [SONDE, "attach", "-o", self.folder / "trace", pid])
        wait_until(lambda: "read(0" in (self.folder / "trace").read_text()
                   if (self.folder / "trace").exists() else False, "it is traced")
        os.kill(terminal.pid, signal.SIGHUP)
        self.assertEqual(terminal.status(), -signal.SIGHUP)
        self.assert_untouched(pid)

    def test_hang_up_ignored(self):
        # nohup: what was ignored at the start stays ignored.
        target = self.target("idle", 3)
        pid = target.ready()
        sonde = self.sonde("attach", str(pid), preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        sonde.wait_trace(r"read\(0")
        sonde.kill(signal.SIGHUP)
        target.say()
        self.assertEqual(target.finish(), (3, ["heard"]))
        self.assertEqual(sonde.status(), 0)
        self.assertEqual(harness.marks(sonde.trace(), 1), [pid])

    def test_size_of_the_terminal_changes(self):
        # SIGWINCH goes to the whole foreground group; nobody may mind.
        terminal = Terminal(self, [SONDE, "run", "-o", "/dev/null", "--", TARGETS / "idle", 3])
        terminal.expect("ready")
        os.killpg(terminal.pid, signal.SIGWINCH)
        terminal.type("\n")
        terminal.expect("heard")
        self.assertEqual(terminal.status(), 3)


if __name__ == "__main__":
    harness.main()

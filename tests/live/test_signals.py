"""Signals arrive as they would have: with their siginfo, once each, and at the same handlers."""

import ctypes
import os
import re
import signal
import unittest

import harness
from harness import LiveTest, Proc, Sonde, marks, wait_until

libc = ctypes.CDLL(None, use_errno=True)


def sigqueue(pid, number, value):
    if libc.sigqueue(pid, number, ctypes.c_void_p(value)) != 0:
        raise OSError(ctypes.get_errno(), "sigqueue")


class Siginfo(LiveTest):
    def send_all(self, program, pid):
        """What the target must hear, whoever watches."""
        own, uid = os.getpid(), os.getuid()
        os.kill(pid, signal.SIGUSR1)
        program.expect(f"signal {signal.SIGUSR1} code 0 pid {own} uid {uid}")
        sigqueue(pid, signal.SIGUSR2, 4711)
        program.expect(f"signal {signal.SIGUSR2} code -1 pid {own} uid {uid} value 4711")
        number = signal.SIGRTMIN + 1
        for value in range(5):  # Real-time signals queue, in order.
            sigqueue(pid, number, value)
        for value in range(5):
            program.expect(f"signal {number} code -1 pid {own} uid {uid} value {value}")
        os.kill(pid, signal.SIGTRAP)
        program.expect(f"signal {signal.SIGTRAP} code 0 pid {own} uid {uid}")
        os.kill(pid, signal.SIGTTIN)
        program.expect(f"signal {signal.SIGTTIN} code 0 pid {own} uid {uid}")
        os.kill(pid, signal.SIGCONT)
        program.expect(f"signal {signal.SIGCONT} code 0 pid {own} uid {uid}")
        program.say()
        child = re.compile(rf"signal {signal.SIGCHLD} code 1 pid \d+ uid {uid}")
        program.expect(child)
        program.expect(f"signal {signal.SIGTRAP} code 0 pid {pid} uid {uid}")
        program.expect(f"signal {signal.SIGUSR1} code -6 pid {pid} uid {uid}")
        program.expect("done")

    def test_untraced(self):
        target = self.target("siginfo")
        self.send_all(target, target.ready())

    def test_run(self):
        sonde = self.sonde("run", "--", harness.TARGETS / "siginfo")
        self.send_all(sonde, sonde.ready())
        self.assertEqual(sonde.status(), 0)
        self.assertIn("si_code=SI_QUEUE", sonde.trace())
        self.assertIn("si_int=4711", sonde.trace())
        for name in ("SIGUSR1", "SIGUSR2", "SIGTRAP", "SIGTTIN", "SIGCONT", "SIGCHLD"):
            self.assertRegex(sonde.trace(), rf"--- {name} {{si_signo={name}, si_code=\w+")

    def test_attached(self):
        target = self.target("siginfo")
        pid = target.ready()
        sonde = self.attached(target)
        self.send_all(target, pid)
        target.status()
        self.assertEqual(sonde.status(), 0)

    def test_signals_during_attach_and_detach(self):
        # Queued signals are numbered: each must arrive once and in order, whatever sonde does meanwhile.
        target = self.target("siginfo")
        pid = target.ready()
        number, sent = signal.SIGRTMIN + 1, 0
        for _ in range(6):
            sonde = self.sonde("attach", str(pid))
            while not Proc.tracer(pid):
                sigqueue(pid, number, sent)
                sent += 1
                target.expect(re.compile(rf".* value {sent - 1}"))
            for _ in range(20):
                sigqueue(pid, number, sent)
                sent += 1
            sonde.kill(signal.SIGINT)
            for _ in range(20):
                sigqueue(pid, number, sent)
                sent += 1
            self.assertEqual(sonde.status(), 0)
            for value in range(sent - 40, sent):
                target.expect(re.compile(rf".* value {value}"))
            self.assert_untouched(pid)

    def test_fault(self):
        sonde = self.sonde("run", "--", harness.TARGETS / "siginfo", "fault")
        sonde.ready()
        sonde.say()
        sonde.expect(f"signal {signal.SIGSEGV} code 1 address 0x1234")
        sonde.expect("ready")
        sonde.say()
        self.assertEqual(sonde.status(), 0)
        self.assertIn("--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x1234} ---", sonde.trace())


class Restarts(LiveTest):
    def test_names_of_restarts(self):
        sonde = self.sonde("run", "--", harness.TARGETS / "restarts")
        pid = sonde.ready()

        def sleeping_in(*names):
            sonde.wait_trace(rf"^{pid} +({'|'.join(names)})\([^\n]*\Z")
            wait_until(lambda: Proc.state(pid) == "S", "it sleeps")

        sleeping_in("read")
        os.kill(pid, signal.SIGUSR1)
        sonde.wait_trace(r"rt_sigreturn[^\n]*\n\d+ +read\(0")
        sonde.say()
        sonde.expect("read went on")
        sleeping_in("nanosleep", "clock_nanosleep")
        os.kill(pid, signal.SIGUSR2)
        sonde.expect("nanosleep EINTR")
        sleeping_in("pause")
        os.kill(pid, signal.SIGUSR2)
        sonde.expect("pause EINTR")
        sleeping_in("poll")
        os.kill(pid, signal.SIGSTOP)
        sonde.wait_trace("--- stopped by SIGSTOP ---")
        os.kill(pid, signal.SIGCONT)
        sonde.wait_trace(r"restart_syscall\(<\.\.\. resuming interrupted poll \.\.\.>")
        sonde.say()
        sonde.expect("poll 1")
        sleeping_in("epoll_wait")
        sonde.say()
        sonde.expect("epoll_wait 1")
        self.assertEqual(sonde.status(), 0)
        for name in ("ERESTARTSYS (To be restarted if SA_RESTART is set)",
                     "ERESTART_RESTARTBLOCK (Interrupted by signal)",
                     "ERESTARTNOHAND (To be restarted if no handler)"):
            self.assertIn(f"= ? {name}", sonde.trace())


class Statuses(LiveTest):
    def test_exit_statuses(self):
        for status in (0, 1, 7, 125, 126, 127, 255):
            self.assertEqual(self.run_sonde("run", "-o", "/dev/null", "--", "sh", "-c", f"exit {status}")[0], status)

    def test_killed_by_a_signal(self):
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSEGV, signal.SIGUSR1, signal.SIGINT, signal.SIGHUP,
                       signal.SIGABRT, signal.SIGPIPE, signal.SIGALRM):
            sonde = self.sonde("run", "--", "sh", "-c", f"kill -{int(number)} $$")
            self.assertEqual(sonde.finish()[0], -number)
            self.assertIn(f"+++ killed by {number.name}", sonde.trace())

    def test_no_core_dump_of_sonde(self):
        sonde = self.sonde("run", "--", "sh", "-c", "ulimit -c 0; kill -SEGV $$", cwd=self.folder)
        self.assertEqual(sonde.finish()[0], -signal.SIGSEGV)
        self.assertEqual([path.name for path in self.folder.glob("core*")], [])


if __name__ == "__main__":
    harness.main()

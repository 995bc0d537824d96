"""Attaching refused: each cause has its own message, with what would mend it."""

import os
import re
import shutil
import signal
import subprocess
import unittest

import harness
from harness import LiveTest, Proc, Program, SONDE, TARGETS, wait_until

NOBODY = 65534
as_root = unittest.skipUnless(os.getuid() == 0, "becomes another user")


class Refused(LiveTest):
    def refused(self, pid, *words, **options):
        status, errors = self.run_sonde("attach", str(pid), **options)
        self.assertEqual(status, 125, errors)
        self.assert_complaint(errors, f"cannot attach to {pid}: ", *words)

    def for_everybody(self, *paths):
        """Copies which other users may execute: the originals may lie in a folder that is closed to them."""
        self.folder.chmod(0o755)
        copies = []
        for path in paths:
            copy = self.folder / os.path.basename(path)
            shutil.copy(path, copy)
            copy.chmod(0o755)
            copies.append(copy)
        return copies

    @staticmethod
    def as_user(user):
        return ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"]

    def refused_as(self, user, sonde, pid, *words):
        program = Program(self, [*self.as_user(user), sonde, "attach", pid], stdin=subprocess.DEVNULL)
        status, _ = program.finish()
        self.assertEqual(status, 125, program.errors())
        self.assert_complaint(program.errors(), f"cannot attach to {pid}: ", *words)

    def target_as(self, user, path, *arguments):
        return Program(self, [*self.as_user(user), path, *arguments])

    def test_no_such_process(self):
        ended = self.target("idle")
        ended.finish()
        self.refused(ended.pid, "no such process")

    @as_root
    def test_kernel_thread(self):
        if Proc.comm(2) != "kthreadd":
            self.skipTest("no kernel threads to be seen here")
        self.refused(2, "kernel thread")

    def test_zombie(self):
        target = self.target("zombie")
        self.refused(target.ready(), "ended already", str(target.pid))

    def test_itself(self):
        program = Program(self, ["sh", "-c", 'exec "$0" attach $$', SONDE], stdin=subprocess.DEVNULL)
        status, _ = program.finish()
        self.assertEqual(status, 125)
        self.assert_complaint(program.errors(), f"cannot attach to {program.pid}: ", "sonde itself")

    def test_traced_by_strace(self):
        target = self.target("idle")
        pid = target.ready()
        strace = Program(self, ["strace", "-o", self.folder / "strace", "-p", pid])
        wait_until(lambda: Proc.tracer(pid), "strace has attached")
        self.refused(pid, "traced already", "strace", str(strace.pid))
        strace.kill(signal.SIGINT)
        strace.status()

    def test_traced_by_gdb(self):
        target = self.target("idle")
        pid = target.ready()
        gdb = Program(self, ["gdb", "-nx", "-q", "-p", pid])
        wait_until(lambda: Proc.tracer(pid), "gdb has attached")
        self.refused(pid, "traced already", "gdb", str(gdb.pid))

    def test_traced_by_sonde(self):
        target = self.target("idle")
        pid = target.ready()
        first = self.attached(target)
        self.refused(pid, "traced already", "sonde-tracer")
        first.interrupt()
        self.assert_untouched(pid)

    @as_root
    def test_another_users(self):
        (sonde,) = self.for_everybody(SONDE)
        target = self.target("idle")
        self.refused_as(NOBODY, sonde, target.ready(), "belongs to root", "sudo sonde attach")

    @as_root
    def test_not_dumpable(self):
        sonde, path = self.for_everybody(SONDE, TARGETS / "not_dumpable")
        target = self.target_as(NOBODY, path)
        self.refused_as(NOBODY, sonde, target.ready(), "not dumpable", "sudo sonde attach")

    @as_root
    def test_causes_that_privileges_do_not_change(self):
        sonde, idle, zombie = self.for_everybody(SONDE, TARGETS / "idle", TARGETS / "zombie")
        ended = self.target("idle")
        ended.finish()
        self.refused_as(NOBODY, sonde, ended.pid, "no such process")
        if Proc.comm(2) == "kthreadd":
            self.refused_as(NOBODY, sonde, 2, "kernel thread")
        self.refused_as(NOBODY, sonde, self.target_as(NOBODY, zombie).ready(), "ended already")
        pid = self.target_as(NOBODY, idle).ready()
        strace = Program(self, [*self.as_user(NOBODY), "strace", "-o", "/dev/null", "-p", pid])
        wait_until(lambda: Proc.tracer(pid), "strace has attached")
        self.refused_as(NOBODY, sonde, pid, "traced already", "strace", str(strace.pid))
        strace.kill(signal.SIGINT)
        strace.status()

    @as_root
    def test_own_process_as_an_ordinary_user(self):
        sonde, path = self.for_everybody(SONDE, TARGETS / "idle")
        target = self.target_as(NOBODY, path)
        pid = target.ready()
        attached = Program(self, [*self.as_user(NOBODY), sonde, "attach", pid])
        wait_until(lambda: "read(0" in attached.errors(), "it is traced")
        target.say()
        self.assertEqual(target.finish(), (0, ["heard"]))
        self.assertEqual(attached.status(), 0)
        self.assertIn("close(9001)", attached.errors())

    @as_root
    def test_root_without_the_capability(self):
        target = self.target("idle")
        pid = target.ready()
        (path,) = self.for_everybody(TARGETS / "idle")
        other = self.target_as(NOBODY, path)
        pid = other.ready()
        program = Program(self, ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace", SONDE, "attach", pid],
                          stdin=subprocess.DEVNULL)
        status, _ = program.finish()
        self.assertEqual(status, 125, program.errors())
        self.assert_complaint(program.errors(), "CAP_SYS_PTRACE")

    def test_one_of_several(self):
        # Those that can be attached to are traced; the other is said; the status tells.
        ended = self.target("idle")
        ended.finish()
        target = self.target("idle", 3)
        pid = target.ready()
        sonde = self.sonde("attach", str(ended.pid), str(pid))
        sonde.wait_trace(r"read\(0")
        target.say()
        self.assertEqual(target.finish()[0], 3)
        self.assertEqual(sonde.status(), 125)
        self.assertIn("no such process", sonde.errors())
        self.assertEqual(harness.marks(sonde.trace(), 1), [pid])

    def test_all_refused(self):
        ended = self.target("idle")
        ended.finish()
        status, errors = self.run_sonde("attach", str(ended.pid), "2" if Proc.comm(2) == "kthreadd" else "999999")
        self.assertEqual(status, 125)
        self.assertEqual(len(errors.splitlines()), 2, errors)


if __name__ == "__main__":
    harness.main()

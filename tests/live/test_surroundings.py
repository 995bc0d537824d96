"""Users, namespaces, privileges, other tables of system calls, and sonde under sonde."""

import os
import pwd
import re
import shutil
import signal
import subprocess
import unittest

import harness
from harness import LiveTest, Proc, Program, SONDE, TARGETS, marks, wait_until

NOBODY = pwd.getpwnam("nobody")
as_root = unittest.skipUnless(os.getuid() == 0, "becomes another user")


class Surroundings(LiveTest):
    def traced(self, *command, options=(), **popen_options):
        popen_options.setdefault("stdin", subprocess.DEVNULL)
        sonde = self.sonde("run", *options, "--", *command, **popen_options)
        status, lines = sonde.finish()
        return status, lines, sonde

    def for_everybody(self, *paths, mode=0o755):
        self.folder.chmod(0o755)
        copies = []
        for path in paths:
            copy = self.folder / os.path.basename(path)
            shutil.copy(path, copy)
            copy.chmod(mode)
            copies.append(copy)
        return copies

    def test_environment(self):
        status, lines, _ = self.traced("env", options=["-E", "ADDED=a b=c", "-E", "REMOVED", "-E", "CHANGED=after"],
                                       env={**os.environ, "REMOVED": "here", "CHANGED": "before"})
        self.assertEqual(status, 0)
        self.assertIn("ADDED=a b=c", lines)
        self.assertIn("CHANGED=after", lines)
        self.assertFalse([line for line in lines if line.startswith("REMOVED")])

    @as_root
    def test_user(self):
        for name in ("nobody", str(NOBODY.pw_uid)):
            status, lines, sonde = self.traced("id", options=["-u", name])
            self.assertEqual(status, 0, sonde.errors())
            self.assertIn(f"uid={NOBODY.pw_uid}(nobody) gid={NOBODY.pw_gid}", lines[0])
            self.assertNotIn("root", lines[0])

    @as_root
    def test_set_user_id_program_as_root(self):
        (path,) = self.for_everybody(TARGETS / "identity", mode=0o755)
        os.chown(path, NOBODY.pw_uid, NOBODY.pw_gid)
        path.chmod(0o4755)
        status, lines, sonde = self.traced(path)
        self.assertEqual((status, lines), (0, [f"real 0 effective {NOBODY.pw_uid} secure 1"]))
        self.assertEqual(len(marks(sonde.trace(), 1)), 1)

    @as_root
    def test_set_user_id_program_as_a_user(self):
        # A tracer without privileges keeps the program from gaining any: the kernel's rule, which strace has too.
        (sonde,) = self.for_everybody(SONDE)
        (path,) = self.for_everybody(TARGETS / "identity", mode=0o755)
        path.chmod(0o4755)
        program = Program(self, ["setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups",
                                 sonde, "run", "--", path], stdin=subprocess.DEVNULL)
        status, lines = program.finish()
        self.assertEqual(status, 0, program.errors())
        self.assertIn(f"real {NOBODY.pw_uid} effective {NOBODY.pw_uid}", lines[0])
        self.assertIn("close(9001)", program.errors())

    @as_root
    def test_user_option_and_set_user_id_program(self):
        # Traced by root, the program gets its privileges, as strace -u has it.
        (path,) = self.for_everybody(TARGETS / "identity", mode=0o755)
        path.chmod(0o4755)
        status, lines, _ = self.traced(path, options=["-u", "nobody"])
        self.assertEqual((status, lines), (0, [f"real {NOBODY.pw_uid} effective 0 secure 1"]))

    @as_root
    def test_pid_namespace(self):
        status, lines, sonde = self.traced("unshare", "-pf", "--kill-child", TARGETS / "many_children", "20")
        self.assertEqual((status, lines), (7, ["done 20"]))
        self.assertEqual(len(set(marks(sonde.trace(), 1))), 20)

    @as_root
    def test_inside_a_pid_namespace(self):
        program = Program(self, ["unshare", "-pf", "--mount-proc", "--kill-child", SONDE, "run", "-o",
                                 self.folder / "trace", "--", TARGETS / "many_children", "20"],
                          stdin=subprocess.DEVNULL)
        self.assertEqual(program.finish(), (7, ["done 20"]))
        self.assertEqual(len(set(marks((self.folder / "trace").read_text(), 1))), 20)

    @as_root
    def test_attach_into_a_pid_namespace(self):
        target = Program(self, ["unshare", "-pf", "--kill-child", TARGETS / "idle", "3"])
        inside = target.ready()
        self.assertEqual(inside, 1)
        (pid,) = Proc.children(target.pid)
        sonde = self.attached_to(pid)
        target.say()
        self.assertEqual(target.finish(), (3, ["heard"]))
        self.assertEqual(sonde.status(), 0, sonde.errors())
        self.assertEqual(marks(sonde.trace()), [(pid, 1)])

    def attached_to(self, pid):
        sonde = self.sonde("attach", str(pid))
        sonde.wait_trace(r"read\(0")
        return sonde

    def test_own_seccomp_filter(self):
        for options in ([], ["-e", "trace=close,getppid,getpgrp,seccomp"], ["-c"]):
            status, lines, sonde = self.traced(TARGETS / "own_seccomp", options=options)
            self.assertEqual((status, lines), (0, ["getppid EXDEV", "getpgrp trapped 1", "done"]), sonde.errors())
            if options != ["-c"]:
                self.assertEqual([number for _, number in marks(sonde.trace())], [1, 2])
                self.assertRegex(sonde.trace(), r"getppid\(\) += -1 EXDEV|getppid\(\) += ?-18")
                self.assertIn("--- SIGSYS ", sonde.trace())

    def test_own_seccomp_filter_for_all_threads(self):
        for options in ([], ["-e", "trace=getppid"], ["-e", "trace=getppid,read"]):
            status, lines, sonde = self.traced(TARGETS / "own_seccomp", "tsync", options=options)
            self.assertEqual((status, lines), (0, ["sleeper getppid EXDEV", "runner getppid EXDEV", "getppid EXDEV",
                                                   "getpgrp trapped 1", "done"]), sonde.errors())
            # Two threads, the main one, and its child.
            callers = re.findall(r"(?m)^(\d+) +(?:getppid\(|<\.\.\. getppid resumed>)\) += -1 EXDEV", sonde.trace())
            self.assertEqual(len(set(callers)), 4, sonde.trace())

    def test_int80(self):
        for options in ([], ["-e", "trace=getpid,close"]):
            status, lines, sonde = self.traced(TARGETS / "int80", options=options)
            self.assertEqual((status, lines), (0, ["close -9", "done"]))
            pid = re.match(r"\d+", sonde.trace()).group()
            self.assertRegex(sonde.trace(), rf"getpid\(\) += {pid}\n")
            self.assertEqual(marks(sonde.trace()), [(int(pid), 1)])

    def test_32_bit_program(self):
        for options in ([], ["-e", "trace=close,write"]):
            sonde = self.sonde("run", *options, "--", TARGETS / "compat")
            pid = sonde.ready()
            sonde.say()
            self.assertEqual(sonde.finish(), (0, ["done"]))
            self.check_32_bit(sonde.trace(), pid)

    def test_32_bit_program_attached(self):
        target = self.target("compat")
        pid = target.ready()
        sonde = self.attached(target)
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))
        self.assertEqual(sonde.status(), 0)
        self.check_32_bit(sonde.trace(), pid)

    def check_32_bit(self, trace, pid):
        found = marks(trace)
        self.assertEqual([number for _, number in found], [1, 2, 3, 4])
        self.assertEqual(found[0][0], pid)
        self.assertEqual(len({tid for tid, _ in found}), 4)
        self.assertRegex(trace, r'write\(\d+, "from 32 bits", 12\) += 12')
        self.assertIn("exited with 6", trace)

    def test_sonde_under_sonde(self):
        # The inner one cannot trace what the outer one does already, and says so; with --no-follow it can.
        status, lines, sonde = self.traced(SONDE, "run", "-o", "/dev/null", "--", "echo", "traced")
        self.assertEqual((status, lines), (125, []))
        self.assertIn("traced already, by sonde-tracer", sonde.errors())
        status, lines, sonde = self.traced(SONDE, "run", "-o", "/dev/null", "--", "echo", "traced",
                                           options=["--no-follow"])
        self.assertEqual((status, lines), (0, ["traced"]), sonde.errors())

    def test_sonde_watched_by_sonde(self):
        target = self.target("busy_threads", 2, 1)
        pid = target.ready()
        inner = self.sonde("attach", str(pid))
        inner.wait_trace(r"getppid\(\)")
        for watched in (inner.pid, inner.console(), inner.tracer()):
            outer = self.sonde("attach", str(watched))
            wait_until(lambda: Proc.tracer(watched), "it is traced")
            outer.interrupt()
            self.assert_untouched(watched)
        inner.interrupt()
        target.say()
        target.expect("all ran")
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))


if __name__ == "__main__":
    harness.main()

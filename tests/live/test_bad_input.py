"""What cannot be run, attached to or written: one line that says why, and the right exit status."""

import os
import shutil
import subprocess
import unittest

import harness
from harness import LiveTest, Program, SONDE


class BadInput(LiveTest):
    def refused(self, status, words, *arguments, **options):
        got, errors = self.run_sonde(*arguments, **options)
        self.assertEqual(got, status, errors)
        self.assert_complaint(errors, *words)

    def file(self, name, text, mode):
        path = self.folder / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def test_unknown_program(self):
        self.refused(127, ["no-such-program"], "run", "--", "no-such-program")
        self.refused(127, ["/no/such/program"], "run", "--", "/no/such/program")

    def test_directory(self):
        self.refused(126, ["/etc", "directory"], "run", "--", "/etc")

    def test_no_permission_to_execute(self):
        path = self.file("plain", "#!/bin/sh\n", 0o644)
        self.refused(126, [str(path), "permission"], "run", "--", path)

    def test_no_permission_to_execute_found_in_path(self):
        self.file("plain", "#!/bin/sh\n", 0o644)
        environment = {**os.environ, "PATH": f"{self.folder}"}
        self.refused(126, ["plain", "permission"], "run", "--", "plain", env=environment)

    def test_script_without_interpreter_line(self):
        path = self.file("script", "echo hello\n", 0o755)
        self.refused(126, [str(path), "#!/bin/sh"], "run", "--", path)

    def test_missing_interpreter(self):
        path = self.file("script", "#!/no/such/interpreter\n", 0o755)
        self.refused(127, [str(path), "interpreter"], "run", "--", path)

    def test_empty_file_and_garbage(self):
        self.refused(126, ["empty"], "run", "--", self.file("empty", "", 0o755))
        self.refused(126, ["garbage"], "run", "--", self.file("garbage", "\x7fELF garbage", 0o755))

    def test_output_that_cannot_be_written(self):
        self.refused(125, ["/no/such/folder/trace", "No such file or directory"],
                     "run", "-o", "/no/such/folder/trace", "--", "true")
        self.refused(125, ["/etc", "directory"], "run", "-o", "/etc", "--", "true")
        self.refused(125, ["/no/such/folder/trace"], "record", "-o", "/no/such/folder/trace", "run", "--", "true")

    @unittest.skipUnless(os.getuid() == 0, "becomes another user")
    def test_output_without_permission(self):
        self.folder.chmod(0o755)
        sonde = self.folder / "sonde"
        shutil.copy(SONDE, sonde)
        for verb, name in (["run"], "trace"), (["record"], "trace.sonde"):
            arguments = [*verb, "-o", self.folder / name, *(["run"] if verb == ["record"] else []), "--", "true"]
            program = Program(self, ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", sonde, *arguments],
                              stdin=subprocess.DEVNULL)
            self.assertEqual(program.finish(), (125, []))
            self.assert_complaint(program.errors(), str(self.folder / name), "Permission denied")

    def test_filter(self):
        # Three lines here: the second shows the expression, the third where in it.
        ran = self.folder / "ran"
        for verb in (["run"], ["record", "-o", self.folder / "t.sonde", "run"]):
            status, errors = self.run_sonde(*verb, "-e", "syscal == read", "--", "touch", ran)
            self.assertEqual(status, 125)
            self.assertEqual(errors.splitlines(), ["error: unknown field 'syscal'", "  syscal == read",
                                                   "  ^~~~~~  did you mean 'syscall'?"])
        for expression in ("fd == (3", "trace=no-such-call", ""):
            status, errors = self.run_sonde("run", "-e", expression, "--", "touch", ran)
            self.assertEqual(status, 125, errors)
            self.assertTrue(errors.startswith("error: "), errors)
        self.assertFalse(ran.exists() or (self.folder / "t.sonde").exists())

    def test_options(self):
        self.refused(125, ["--no-such-option"], "run", "--no-such-option", "--", "true")
        self.refused(125, ["PROGRAM"], "run")
        self.refused(125, ["PID"], "attach")
        self.refused(125, ["12x"], "attach", "12x")
        self.refused(125, ["0"], "attach", "0")
        self.refused(125, ["soon"], "run", "--timeout", "soon", "--", "true")
        self.refused(125, ["much"], "run", "--max-output", "much", "--", "true")
        self.refused(125, ["no-such-call"], "run", "-b", "no-such-call", "--", "true")
        self.refused(125, ["no-such-user"], "run", "-u", "no-such-user", "--", "true")
        self.refused(125, [], "no-such-verb")
        self.refused(125, [])

    def test_program_name_that_would_hurt_a_terminal(self):
        status, errors = self.run_sonde("run", "--", "evil\x1b[31m\nname")
        self.assertEqual(status, 127)
        self.assert_complaint(errors)
        self.assertNotIn("\x1b", errors)


if __name__ == "__main__":
    harness.main()

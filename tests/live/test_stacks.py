"""Stacks: below events (-k), in filters, in recordings, and of a process that is looked at once."""

import json
import pathlib
import re
import subprocess
import unittest

import harness
from harness import LiveTest, Proc, wait_until

FRAME = re.compile(r"^ > (?P<module>[^(]*)\((?P<function>[^)+,]*)(?:\+0x[0-9a-f]+|, inlined)?\) \[0x[0-9a-f]+\]")


def stacks_of_marks(trace):
    """The functions of the stack below each mark, by the mark's number. A mark that another thread's lines interrupt has
    its stack below the line that takes it up."""
    found = {}
    begun = {}
    number = None
    for line in trace.splitlines():
        if frame := FRAME.match(line):
            if number is not None:
                found[number].append(frame["function"])
            continue
        if line.startswith(" > "):
            continue
        by = re.match(r"\[pid +(\d+)\]|(\d+) ", line)
        tid = by and (by[1] or by[2])
        number = None
        if unfinished := re.search(r"close\(90(\d\d) <unfinished", line):
            begun[tid] = int(unfinished[1])
        elif mark := re.search(r"close\(90(\d\d)\) ", line):
            number = int(mark[1])
        elif "<... close resumed>" in line:
            number = begun.pop(tid, None)
        if number is not None:
            found[number] = []
    return found


def names_in_order(stack, *names):
    """Whether the stack has these functions, in this order, with others between them or not."""
    rest = iter(stack)
    return all(name in rest for name in names)


class Stacks(LiveTest):
    def traced(self, *options):
        sonde = self.sonde("run", *options, "--", harness.TARGETS / "stacks")
        sonde.ready()
        sonde.say()
        self.assertEqual(sonde.finish(), (0, ["done"]))
        return sonde.trace()

    def check_marks(self, trace):
        stacks = stacks_of_marks(trace)
        self.assertEqual(sorted(stacks), [1, 2, 3, 4, 5])
        # mark() is inlined, and told as a function of its own.
        self.assertEqual(stacks[1][1:6], ["mark", "inner", "middle", "outer", "main"], stacks[1])
        self.assertEqual(stacks[1][-1], "_start")
        # inner and compare are called one by the other; qsort's own frames, which may have no names, lie behind them.
        self.assertEqual(stacks[2][1:4], ["mark", "inner", "compare"])
        self.assertTrue(names_in_order(stacks[2][4:], "sorts", "main", "_start"), stacks[2])
        self.assertEqual(stacks[3][1:4], ["mark", "inner", "handler"])
        self.assertTrue(names_in_order(stacks[3][4:], "raise", "raises", "main", "_start"), stacks[3])
        self.assertEqual(stacks[4][1:6], ["mark", "inner", "middle", "outer", "threaded"])
        self.assertNotIn("main", stacks[4])
        self.assertEqual(stacks[5][1], "mark")
        self.assertEqual(set(stacks[5][2:]), {"recurses"})
        return stacks

    def test_below_each_call(self):
        trace = self.traced("-k")
        stacks = self.check_marks(trace)
        self.assertEqual(len(stacks[5]), 257)  # 256 frames, one of which is two functions.
        self.assertRegex(trace, r"\n > \S+/stacks\(mark, inlined\) \[0x[0-9a-f]+\] \S+/target\.h:\d+\n"
                                r" > \S+/stacks\(inner\+0x[0-9a-f]+\) \[0x[0-9a-f]+\] \S+/stacks\.c:\d+\n")
        self.assertIn(" > (more frames follow)\n", trace)
        # The signal too has the stack that it meets.
        after_signal = trace[trace.index("--- SIGUSR1"):].splitlines()[1:]
        self.assertTrue(FRAME.match(after_signal[0]), after_signal[0])

    def test_attached(self):
        target = self.target("stacks")
        target.ready()
        sonde = self.attached(target, "-k")
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))
        self.assertEqual(sonde.status(), 0)
        functions = [frame["function"] for frame in map(FRAME.match, sonde.trace().splitlines()) if frame]
        self.assertTrue(names_in_order(functions, "hear", "waits", "main", "_start") or
                        names_in_order(functions, "waits", "main", "_start"), functions)

    def check_made_code(self, *command):
        sonde = self.sonde("run", "-k", "-e", "kind == signal || fd == 9001 || syscall == clock_gettime", "--", *command, harness.TARGETS / "made_code")
        pid = int(sonde.expect(re.compile(r"made (\d+)"))[1])
        self.addCleanup(pathlib.Path(f"/tmp/perf-{pid}.map").unlink, missing_ok=True)
        # The map is read when the code is first named.
        wait_until(lambda: re.search(r"close\(9001\) .*\n > .*\n > ", sonde.trace()), "the stack is printed")
        sonde.say()
        self.assertEqual(sonde.finish(), (0, ["done"]))
        trace = sonde.trace()
        self.assertRegex(trace, r"close\(9001\) .*\n > [^(]*\(made code\+0x10\) ")
        self.assertRegex(trace, r"\n > \[vdso\]\(\w*clock_gettime\w*\+0x")
        return pid

    def test_code_of_no_file(self):
        self.check_made_code()

    def test_code_of_no_file_in_a_container(self):
        if subprocess.run(["unshare", "--pid", "--fork", "true"], capture_output=True).returncode != 0:
            self.skipTest("no pid namespace")
        self.assertEqual(self.check_made_code("unshare", "--pid", "--fork"), 1)

    def test_filters_on_sites(self):
        for expression, marks in (('site.function == "middle"', []),
                                  ('site.function == "inner"', [1, 2, 3, 4]),
                                  ('stack has function "middle"', [1, 4]),
                                  ('stack has function "outer" && !(stack has function "threaded")', [1]),
                                  ('site.file == "stacks.c" && site.line in 1..20', [1, 2, 3, 4]),
                                  ('stack has file "target.h"', [1, 2, 3, 4, 5]),
                                  ('site.module == "stacks" && stack has function "sorts"', [2]),
                                  ('site.function =~ "^rec" && stack has module "stacks"', [5])):
            with self.subTest(expression):
                trace = self.traced("--site-skip", "^mark$", "-e", f"syscall == close && ({expression})")
                found = sorted({int(number) for number in re.findall(r"close\(90(\d\d)\) ", trace)})
                self.assertEqual(found, marks)
                self.assertNotIn(" > ", trace)  # Only -k prints them.

    def test_skipped_sites(self):
        trace = self.traced("-e", 'syscall == close && site.function == "outer"', "--site-skip", "^(mark|inner|middle)$")
        self.assertEqual(re.findall(r"close\(90(\d\d)\) ", trace), ["01", "04"])

    def test_bad_site_skip(self):
        status, errors = self.run_sonde("run", "--site-skip", "(", "--", "true")
        self.assertEqual(status, 125)
        self.assert_complaint(errors, "--site-skip", "missing )")

    def test_a_recording_has_the_names(self):
        file = self.folder / "t.sonde"
        program = self.folder / "copy"
        program.write_bytes((harness.TARGETS / "stacks").read_bytes())
        program.chmod(0o755)
        sonde = self.sonde("record", "-o", str(file), "run", "-k", "--", program)
        sonde.ready()
        sonde.say()
        self.assertEqual(sonde.finish(), (0, ["done"]))
        live = sonde.trace()
        program.unlink()
        report = self.folder / "report"
        status, errors = self.run_sonde("report", "-q", "-o", str(report), str(file))
        self.assertEqual((status, errors), (0, ""))
        stacks = self.check_marks(report.read_text())
        self.assertEqual(stacks, stacks_of_marks(live))

    def test_json(self):
        trace = self.traced("-k", "--format", "json", "-e", "syscall == close && fd == 9001")
        call = next(record for record in map(json.loads, trace.splitlines()) if record["kind"] == "syscall")
        functions = [frame.get("function") for frame in call["stack"]]
        self.assertEqual(functions[1:6], ["mark", "inner", "middle", "outer", "main"])
        mark, inner = call["stack"][1:3]
        self.assertTrue(mark["module"].endswith("/stacks") and mark["file"].endswith("/target.h"), mark)
        self.assertEqual((mark["inlined"], mark["address"]), (True, inner["address"]))
        self.assertNotIn("inlined", inner)

    def look(self, pid, *options):
        looked = self.sonde("stack", *options, str(pid), trace=False)
        status, lines = looked.finish()
        self.assertEqual((status, looked.errors()), (0, ""))
        return lines

    def test_one_look(self):
        target = self.target("stacks")
        pid = target.ready()
        wait_until(lambda: Proc.syscall(pid) == 0, "the target reads")
        lines = self.look(pid)
        self.assertRegex(lines[0], rf"^process {pid} \(.*/stacks\): 1 thread, stopped for \d+\.\d+ ms$")
        self.assertRegex(lines[2], rf'^thread {pid} "stacks", sleeping, in read\(0, 0x[0-9a-f]+, 1\)$')
        functions = [match[1] for match in (re.match(r" #\d+ +0x[0-9a-f]+  ([^ +]+)", line) for line in lines) if match]
        self.assertTrue(names_in_order(functions, "waits", "main", "_start"), lines)
        self.assert_untouched(pid)
        (thread,) = json.loads("".join(self.look(pid, "--format", "json")))["threads"]
        self.assertEqual((thread["syscall"], thread["nr"], thread["stopped"]), ("read", 0, True))
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))

    def test_many_looks_at_many_threads(self):
        target = self.target("many_threads", 200)
        pid = target.ready()
        for _ in range(5):
            looked = json.loads("".join(self.look(pid, "--format", "json")))
            self.assertEqual([thread["tid"] for thread in looked["threads"]], Proc.tasks(pid))
            self.assertTrue(all(thread["stopped"] and thread["stack"] for thread in looked["threads"]))
            self.assert_untouched(pid)
        target.say()
        self.assertEqual(target.finish(), (0, ["done 200"]))

    def test_a_stopped_process_stays_stopped(self):
        target = self.target("stacks")
        pid = target.ready()
        target.kill(harness.signal.SIGSTOP)
        wait_until(lambda: Proc.state(pid) == "T", "the target stops")
        lines = self.look(pid)
        self.assertIn("stopped", lines[2])
        self.assertEqual(Proc.tracer(pid), 0)
        wait_until(lambda: Proc.state(pid) == "T", "the target is stopped")
        target.kill(harness.signal.SIGCONT)
        target.say()
        self.assertEqual(target.finish(), (0, ["done"]))

    def test_a_thread_that_does_not_stop(self):
        # The parent of a vfork sleeps uninterruptibly until its child goes on.
        target = self.target("vfork_wait")
        pid = target.ready()
        target.say()
        target.expect("in the child")
        wait_until(lambda: Proc.state(pid) == "D", "the parent waits for its vfork's child")
        lines = self.look(pid)
        self.assertIn("in uninterruptible sleep", lines[2])
        self.assertIn("could not be stopped", lines[3])
        self.assertEqual((Proc.tracer(pid), Proc.state(pid)), (0, "D"))
        target.say()
        self.assertEqual(target.finish(), (0, ["child ended with 3"]))

    def test_refused(self):
        # A pid namespace, as a container has one, shows no kernel threads.
        if Proc.comm(2) == "kthreadd":
            status, errors = self.run_sonde("stack", "2")
            self.assertEqual(status, 125)
            self.assert_complaint(errors, "2", "kernel")
        status, errors = self.run_sonde("stack")
        self.assertEqual(status, 125)
        self.assert_complaint(errors, "which process")


if __name__ == "__main__":
    harness.main()

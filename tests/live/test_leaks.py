"""What programs have lost: each block in its class, however the program ends, and of a process that runs."""

import json
import os
import signal
import subprocess
import unittest

import harness
from harness import LiveTest, Proc, SONDE, TARGETS, changed_code, wait_until

ENDS = {"return": (0, "exit"), "exit": (0, "exit"), "_exit": (0, "exit"), "abort": (-signal.SIGABRT, "signal"),
        "thread": (0, "exit"), "exec": (0, "exec")}


class Leaks(LiveTest):
    @staticmethod
    def reports(text):
        # The last line may be on its way.
        return [json.loads(line) for line in text.split("\n")[:-1] if '"kind":"leaks"' in line]

    @classmethod
    def report(cls, text):
        [report] = cls.reports(text)
        return report

    @staticmethod
    def classes(report):
        """The class of each size that the target tells of."""
        return {record["bytes"]: record["class"] for record in report["records"]
                if record["blocks"] == 1 and 1000 < record["bytes"] < 4000 and "suppressed_by" not in record}

    @staticmethod
    def told(lines):
        return {int(size): kind for size, kind in (line.split() for line in lines if line[0].isdigit())}

    def run_to_its_end(self, end, *options):
        sonde = self.sonde("leaks", "--format", "json", *options, "--", TARGETS / "leaking", end)
        status, lines = sonde.finish()
        return sonde, status, self.told(lines)

    def test_each_class_at_each_end(self):
        for end, (expected, when) in ENDS.items():
            with self.subTest(end):
                sonde, status, told = self.run_to_its_end(end)
                self.assertEqual(status, expected, sonde.errors())
                self.assertEqual(len(told), 17)
                report = self.reports(sonde.trace())[0]
                self.assertEqual((report["when"], self.classes(report)), (when, told))

    def test_what_was_forked_and_executes_is_its_makers(self):
        sonde = self.sonde("leaks", "--format", "json", "--", "bash", "-c", "x=1; /bin/true; exec /bin/true")
        self.assertEqual(sonde.finish()[0], 0, sonde.errors())
        whens = [report["when"] for report in self.reports(sonde.trace()) if report["exe"].endswith("bash")]
        self.assertEqual(whens, ["exec"])

    def test_looks_while_it_runs(self):
        for options in (["--every", "20ms"], ["--after", "1ms", "--every", "20ms"]):
            with self.subTest(options=options):
                sonde = self.sonde("leaks", *options, "--format", "json", "--", TARGETS / "leaking", "wait")
                sonde.ready()
                lines = []
                while (line := sonde.hear()) != "all":
                    lines.append(line)
                told = self.told(lines)
                wait_until(lambda: any(self.classes(report) == told for report in self.reports(sonde.trace())),
                           "a report with all blocks")
                self.assertEqual({report["when"] for report in self.reports(sonde.trace())}, {"running"})
                sonde.say()
                self.assertEqual(sonde.finish()[0], 0, sonde.errors())
                last = self.reports(sonde.trace())[-1]
                self.assertEqual((last["when"], self.classes(last)), ("exit", told))

    def test_looks_while_busy_threads_run(self):
        # Each look stops all threads, wherever they are: in the allocator, at a breakpoint, in a system call.
        target = self.target("allocations", "churn", "4")
        target.ready()
        target.say()
        target.expect("going")
        sonde = self.sonde("leaks", "--every", "5ms", "--format", "json", str(target.pid))
        wait_until(lambda: len(self.reports(sonde.trace())) > 10, "ten looks")
        sonde.interrupt()
        self.assert_untouched(target.pid)
        self.assertEqual(self.reports(sonde.trace())[-1]["when"], "left")
        target.say()
        self.assertEqual(target.finish()[0], 0)

    def test_an_exit_by_another_thread_at_any_moment(self):
        for _ in range(15):
            sonde = self.sonde("leaks", "--format", "json", "--", TARGETS / "exit_elsewhere")
            sonde.ready()
            sonde.say()
            self.assertEqual(sonde.finish()[0], 0, sonde.errors())
            report = self.report(sonde.trace())
            held = [record["class"] for record in report["records"] if record["bytes"] == 1234]
            self.assertEqual((report["when"], held), ("exit", ["reachable"]))

    def test_the_tracer_is_killed_while_it_looks(self):
        target = self.target("allocations", "churn", "3")
        target.ready()
        target.say()
        target.expect("going")
        for _ in range(5):
            sonde = self.sonde("leaks", "--every", "1ms", "--format", "json", str(target.pid))
            wait_until(lambda: len(self.reports(sonde.trace())) > 3, "some looks")
            os.kill(sonde.tracer(), signal.SIGKILL)
            self.assertEqual(sonde.status(), 125)
            self.assert_untouched(target.pid)
            self.assertEqual(changed_code(target.pid), [])
        target.say()
        self.assertEqual(target.finish()[0], 0)

    def test_blocks_from_before_hold_what_they_point_to(self):
        target = self.target("older_blocks")
        target.ready()
        sonde = self.sonde("leaks", "--every", "20ms", "--format", "json", str(target.pid))
        wait_until(lambda: changed_code(target.pid), "there are breakpoints in the target")
        wait_until(lambda: Proc.state(sonde.tracer()) == "S", "they all are")
        target.say()
        target.expect("made")
        wait_until(lambda: any(report["totals"]["reachable"]["blocks"] == 100
                               for report in self.reports(sonde.trace())), "a report with all blocks")
        sonde.interrupt()
        last = self.reports(sonde.trace())[-1]
        self.assertEqual({kind: (total["blocks"], total["bytes"]) for kind, total in last["totals"].items()
                          if total["blocks"]}, {"definite": (1, 444), "reachable": (100, 33300)})
        target.say()
        self.assertEqual(target.finish()[0], 0)

    def test_contents_of_a_process_that_runs(self):
        target = self.target("leaking", "wait")
        target.ready()
        while target.hear() != "all":
            pass
        for options, size in ([], 16), (["--contents", "40"], 40), (["--contents", "0"], None):
            with self.subTest(options=options):
                done = subprocess.run([SONDE, "leaks", "--format", "json", *options, str(target.pid)],
                                      capture_output=True, text=True, timeout=harness.LIMIT)
                [report] = self.reports(done.stderr)
                [example] = [record["examples"][0] for record in report["records"]
                             if record["class"] == "definite" and record["examples"][0]["size"] == 1016]
                self.assertEqual(example.get("bytes"), size and size * "00")
        target.say()
        self.assertEqual(target.finish()[0], 0)

    def test_stacks(self):
        sonde, _, _ = self.run_to_its_end("return")
        [record] = [record for record in self.report(sonde.trace())["records"] if record["bytes"] == 1001]
        functions = [frame.get("function") for frame in record["stack"]]
        self.assertEqual(functions[:5], ["malloc", "told", "lose_one", "in_a_frame", "main"])

    def test_a_process_that_runs(self):
        # Nobody has watched it: sizes are malloc's own.
        target = self.target("leaking", "wait")
        target.ready()
        lines = []
        while (line := target.hear()) != "all":
            lines.append(line)
        done = subprocess.run([SONDE, "leaks", "--format", "json", str(target.pid)], capture_output=True, text=True,
                              timeout=harness.LIMIT)
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assert_untouched(target.pid)
        report = self.report(done.stderr)
        expected = {}
        for size, kind in self.told(lines).items():
            usable = (size + 8 + 15) // 16 * 16 - 8
            blocks, size = expected.get(kind, (0, 0))
            expected[kind] = (blocks + 1, size + usable)
        for kind in ("definite", "indirect", "possible"):
            total = report["totals"][kind]
            self.assertEqual((total["blocks"], total["bytes"]), expected[kind], kind)
        self.assertGreaterEqual(report["totals"]["reachable"]["bytes"], expected["reachable"][1])
        target.say()
        self.assertEqual(target.finish()[0], 0)

    def test_exit_status(self):
        for options, expected in [(["--error-exitcode", "9"], 9), (["--error-exitcode", "9", "--fail-on", "none"], 0),
                                  ([], 0)]:
            with self.subTest(options=options):
                sonde, status, _ = self.run_to_its_end("return", *options)
                self.assertEqual(status, expected, sonde.errors())
        status, _ = self.run_sonde("leaks", "--error-exitcode", "9", "--", "true")
        self.assertEqual(status, 0)

    def test_suppressions(self):
        path = self.folder / "some.supp"
        path.write_text("leak:lose_a_tree\n{\n   one\n   Memcheck:Leak\n   fun:malloc\n   fun:told\n   fun:lose_one\n}\n")
        sonde, status, told = self.run_to_its_end("return", "--suppressions", path)
        for size in (1001, 1101, 1102, 1103):
            del told[size]
        report = self.report(sonde.trace())
        self.assertEqual(self.classes(report), told)
        used = {entry["name"]: (entry["count"], entry["bytes"]) for entry in report["suppressions"] if entry["count"]}
        self.assertEqual((used["lose_a_tree"], used["one"]), ((3, 3306), (1, 1001)))

    def test_a_baseline(self):
        sonde, _, _ = self.run_to_its_end("return")
        path = self.folder / "before.json"
        path.write_text(sonde.trace())
        sonde, status, _ = self.run_to_its_end("return", "--baseline", path, "--error-exitcode", "9")
        self.assertEqual(status, 0, sonde.errors())

    def test_bad_input(self):
        path = self.folder / "bad.supp"
        path.write_text("{\n   one\n")
        for options, words in [(["--suppressions", path], ["bad.supp", "suppressions check"]),
                               (["--suppressions", self.folder / "none"], ["none"]),
                               (["--baseline", path], ["bad.supp"]),
                               (["--show", "everything"], ["--show", "everything", "definite"])]:
            with self.subTest(options=options):
                status, errors = self.run_sonde("leaks", *options, "--", "true")
                self.assertEqual(status, 125)
                self.assert_complaint(errors, *words)


if __name__ == "__main__":
    harness.main()

"""What grows round by round, and what only grew once."""

import json
import os
import signal
import unittest

import harness
from harness import LiveTest, changed_code, wait_until


class Growth(LiveTest):
    @staticmethod
    def report(text):
        return [json.loads(line) for line in text.split("\n")[:-1] if '"kind":"growth"' in line]

    @staticmethod
    def trends(report):
        """Of each function of the target that allocates."""
        return {site["stack"][1]["function"]: site for site in report["sites"] if len(site.get("stack", [])) > 1}

    def watched(self, *options):
        sonde = self.sonde("leaks", "--growth", *options, "--", harness.TARGETS / "growing")
        sonde.ready()
        return sonde

    def ask(self, sonde):
        """The report so far."""
        before = len(self.report(sonde.trace()))
        os.kill(sonde.pid, signal.SIGUSR1)
        return wait_until(lambda: self.report(sonde.trace())[before:], "a report")[-1]

    @staticmethod
    def serve(target, rounds, after_each=lambda: None):
        for _ in range(rounds):
            target.say()
            target.hear()
            after_each()

    def test_rounds_by_a_function(self):
        sonde = self.watched("--rounds", "function:serve", "--format", "json")
        self.serve(sonde, 31)
        sonde.say("end")
        self.assertEqual(sonde.finish()[0], 0, sonde.errors())
        [report] = self.report(sonde.trace())
        self.assertEqual((report["count"], report["round_by"]), (30, "serve"))
        self.assertEqual([r["number"] for r in report["rounds"]], list(range(31)))
        self.assertEqual(report["rounds"][-1]["bytes"], 30 * 1300 + 10 * 5000)
        trends = self.trends(report)
        self.assertEqual({name: site["trend"] for name, site in trends.items()},
                         {"leak": "steady", "keep": "steady", "remember": "levelled"})
        self.assertEqual((trends["leak"]["bytes_per_round"], trends["leak"]["blocks_per_round"]), (1000, 1))
        self.assertEqual((trends["leak"]["grew"], trends["leak"]["steps"]), (30, 30))
        self.assertEqual(trends["keep"]["points"][7], [2100, 7])

    def test_rounds_by_a_signal(self):
        sonde = self.watched("--rounds", "signal", "--format", "json")

        ended = 0

        def end_round():
            nonlocal ended
            ended += 1
            os.kill(sonde.pid, signal.SIGUSR2)
            # Of two signals that are pending the one with the lower number comes first.
            while self.ask(sonde)["count"] < ended:
                pass

        self.serve(sonde, 12, end_round)
        sonde.say("end")
        self.assertEqual(sonde.finish()[0], 0, sonde.errors())
        report = self.report(sonde.trace())[-1]
        self.assertEqual((report["count"], report["round_by"]), (12, "SIGUSR2"))
        trends = self.trends(report)
        self.assertEqual(trends["leak"]["points"], [[1000 * i, i] for i in range(13)])
        self.assertEqual(trends["leak"]["trend"], "steady")

    def test_rounds_by_time_and_old_blocks(self):
        sonde = self.watched("--rounds", "1ms", "--older-than", "1ms", "--format", "json")
        report = {"count": 0}
        while report["count"] < 5 or len(report["old"]) < 3:
            self.serve(sonde, 1)
            report = self.ask(sonde)
        sonde.say("end")
        self.assertEqual(sonde.finish()[0], 0, sonde.errors())
        self.assertEqual(report["interval_ns"], 1_000_000)
        numbers = [r["number"] for r in report["rounds"]]
        self.assertEqual(numbers, sorted(set(numbers)))
        old = {entry["stack"][1]["function"]: entry for entry in report["old"]}
        self.assertGreater(old["remember"]["blocks"], 0)
        self.assertGreater(old["remember"]["oldest_ns"], 1_000_000)

    def test_exit_status_and_text(self):
        sonde = self.watched("--rounds", "function:serve", "--error-exitcode", "9")
        self.serve(sonde, 20)
        sonde.say("end")
        self.assertEqual(sonde.finish()[0], 9, sonde.errors())
        trace = sonde.trace()
        for words in ("19 rounds of serve", "heap      grows by 1.3 KiB a round", "Grows steadily, from 2 stacks",
                      "1000 B and 1.0 blocks a round", "    leak (growing.c:", "Grew, and levelled off, from 1 stack"):
            self.assertIn(words, trace)

    def test_a_process_that_runs(self):
        target = self.target("growing")
        target.ready()
        sonde = self.sonde("leaks", "--growth", "--format", "json", str(target.pid))
        wait_until(lambda: changed_code(target.pid), "there are breakpoints in the target")
        report = None
        while report is None or len(report["rounds"]) < 6:
            self.serve(target, 1)
            os.kill(sonde.pid, signal.SIGUSR1)
            report = next(iter(self.report(sonde.trace())[-1:]), None)
        sonde.interrupt()
        self.assert_untouched(target.pid)
        self.assertTrue(report["partial"])
        self.assertIn("leak", self.trends(report))
        target.say("end")
        self.assertEqual(target.finish()[0], 0)

    def test_what_never_comes_is_said(self):
        sonde = self.watched("--rounds", "function:no_such")
        self.serve(sonde, 1)
        sonde.say("end")
        self.assertEqual(sonde.finish()[0], 0)
        self.assertIn("was there ever a no_such?", sonde.trace())

    def test_bad_input(self):
        for options, words in [(["--rounds", "often"], ["--rounds", "often", "function:NAME"]),
                               (["--rounds", "function:malloc"], ["--rounds", "malloc"]),
                               (["--format", "sarif"], ["--growth", "sarif"]),
                               (["--baseline", "x"], ["--baseline", "--growth"]),
                               (["--every", "1s"], ["--every", "--growth"])]:
            with self.subTest(options=options):
                status, errors = self.run_sonde("leaks", "--growth", *options, "--", "true")
                self.assertEqual(status, 125)
                self.assert_complaint(errors, *words)
        status, errors = self.run_sonde("leaks", "--rounds", "1s", "--", "true")
        self.assertEqual(status, 125)
        self.assert_complaint(errors, "--rounds", "--growth")


if __name__ == "__main__":
    harness.main()

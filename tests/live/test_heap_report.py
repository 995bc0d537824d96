"""The report on a heap: what it says of a program that tells itself how much it allocates, live and from a recording."""

import json
import os
import pty
import re
import select
import signal
import subprocess

import harness
from harness import LiveTest

TARGET = harness.TARGETS / "allocations"


class HeapReport(LiveTest):
    def records(self, path):
        return [record for line in path.read_text().splitlines() if (record := json.loads(line))["kind"] == "heap"]

    def count(self, *options, threads=4, rounds=200):
        """What the target says, and the record of the report on it."""
        path = self.folder / "report"
        sonde = self.sonde("heap", "--format", "json", "-o", path, *options, "--", TARGET, "count", threads, rounds,
                           trace=False)
        sonde.ready()
        sonde.say()
        status, lines = sonde.finish()
        self.assertEqual(status, 0)
        calls, size = map(int, lines[0].split())
        return calls, size, self.records(path)[-1]

    def sites(self, record, function):
        return [site for site in record["sites"]
                if any(frame.get("function") == function for frame in site.get("stack", []))]

    def test_what_the_program_allocates_is_reported_exactly_by_site(self):
        calls, size, record = self.count()
        sites = self.sites(record, "count_thread")
        self.assertEqual(sum(site["allocations"] for site in sites), calls)
        self.assertEqual(sum(site["bytes"] for site in sites), size)
        self.assertEqual(sum(site["live_blocks"] for site in sites), 0)
        self.assertEqual(record["misuse"], [])
        for parts in record["sites"], record["threads"], record["sizes"]:
            for counter in "allocations", "bytes", "live_bytes", "peak_bytes", "temporary":
                self.assertEqual(sum(part[counter] for part in parts), record["total"][counter], counter)

    def test_without_stacks_the_totals_are_the_same(self):
        calls, size, record = self.count("--no-stacks", threads=1)
        self.assertGreaterEqual(record["total"]["allocations"], calls)
        self.assertGreaterEqual(record["total"]["bytes"], size)
        self.assertTrue(all("stack" not in site for site in record["sites"]))

    def test_a_recording_gives_the_same_report(self):
        recording, live, later = (self.folder / name for name in ("r.sonde", "live", "later"))
        sonde = self.sonde("record", "-o", recording, "heap", "--format", "json", "-o", live, "--", TARGET, "count", 2, 50,
                           trace=False)
        sonde.ready()
        sonde.say()
        self.assertEqual(sonde.finish()[0], 0)
        subprocess.run([harness.SONDE, "report", "-o", later, recording], check=True)
        self.assertEqual(later.read_text(), live.read_text())

    def test_a_signal_asks_for_the_report_so_far(self):
        for form, so_far in (("text", r", so far\n(.|\n)* now\n(.|\n)*\n\n\Z"), ("json", r'"end":"running".*\n\Z')):
            with self.subTest(form):
                path = self.folder / form
                sonde = self.sonde("heap", "--format", form, "-o", path, "--", TARGET, "churn", 2, trace=False)
                sonde.ready()
                sonde.say()
                sonde.expect("going")
                for _ in range(2):
                    before = len(path.read_text())
                    sonde.kill(signal.SIGUSR1)
                    harness.wait_until(lambda: re.search(so_far, path.read_text()[before:]), "there is a report so far")
                sonde.say()
                status, lines = sonde.finish()
                self.assertEqual((status, len(lines)), (0, 1), sonde.errors())
                ends = re.findall(r", so far$|, until it ended after" if form == "text" else r'"end":"\w+"', path.read_text(),
                                  re.MULTILINE)
                self.assertEqual(len(ends), 3)
                self.assertEqual(len(set(ends[:2])), 1)
                self.assertNotEqual(ends[1], ends[2])

    def test_attached_to_it_reports_when_it_is_let_go_and_the_program_goes_on(self):
        program = self.target("allocations", "churn", 2)
        program.ready()
        program.say()
        program.expect("going")
        path = self.folder / "report"
        sonde = self.sonde("heap", "--format", "json", "-o", path, "--for", "1s", program.pid, trace=False)
        self.assertEqual(sonde.finish()[0], 0)
        record = self.records(path)[-1]
        self.assertEqual(record["end"], "detached")
        self.assertTrue(record["partial"])
        self.assertGreater(record["total"]["allocations"], 0)
        self.assertEqual(record["misuse"], [])
        program.say()
        self.assertEqual(program.finish()[0], 0)

    def test_contents_of_live_blocks(self):
        for options in ((), ("--format", "json")):
            with self.subTest(options=options):
                target = self.target("contents")
                target.ready()
                report = self.folder / "contents"
                sonde = self.sonde("heap", "--contents", 4096, "-o", report, *options, target.pid, trace=False)
                harness.wait_until(lambda: harness.changed_code(target.pid), "there are breakpoints in the target")
                target.say()
                first, second, page = target.hear().split()[1:]
                sonde.kill(signal.SIGINT)
                self.assertEqual(sonde.status(), 0, sonde.errors())
                text = report.read_text()
                target.say()
                self.assertEqual(target.finish()[0], 0)
                if options:
                    blocks = {block["address"]: block for site in json.loads(text)["sites"] for block in site.get("contents", [])}
                    self.assertEqual(bytes.fromhex(blocks[first]["bytes"]).rstrip(b"\0"), b"the oldest block\x1b[31m")
                    self.assertEqual(blocks[second]["size"], 100)
                    large, = (block for block in blocks.values() if block["size"] == 1 << 20)
                    self.assertEqual(large["unreadable"], [[int(page, 0) - int(large["address"], 0), 4096]])
                else:
                    self.assertRegex(text, rf"{first}: 40 B, allocated after .*\n      0000  74 68 65 20 .*  the oldest block\n"
                                           r"      0010  1b 5b 33 31 6d 00 .*  .\[31m\.+\n")
                    self.assertIn("bytes that cannot be read", text)
                    self.assertNotIn("given back before", text)
    def test_contents_of_blocks_at_the_end(self):
        for options in ((), ("--format", "json")):
            with self.subTest(options=options):
                report = self.folder / "contents"
                sonde = self.sonde("heap", "--contents", 48, "-o", report, *options, "--", harness.TARGETS / "contents", "end",
                                   trace=False)
                sonde.ready()
                sonde.say()
                first, second, _ = sonde.hear().split()[1:]
                sonde.say()
                self.assertEqual(sonde.finish()[0], 0, sonde.errors())
                text = report.read_text()
                if options:
                    blocks = {block["address"]: block for site in json.loads(text)["sites"]
                              for block in site.get("contents", [])}
                    self.assertEqual(bytes.fromhex(blocks[first]["bytes"]).rstrip(b"\0"), b"the oldest block\x1b[31m")
                    self.assertEqual(bytes.fromhex(blocks[second]["bytes"]), b"another one" + 37 * b"\0")
                    untouched, = (block for block in blocks.values() if block["size"] == 2 << 20)
                    self.assertEqual((untouched["bytes"], untouched["unreadable"]), (48 * "00", []))
                else:
                    self.assertIn("Contents of live blocks, at the end", text)
                    self.assertRegex(text, rf"{first}: 40 B, allocated after .*\n      0000  74 68 65 20 .*  the oldest block\n")

    def test_contents_are_asked_for_with_a_report(self):
        status, errors = self.run_sonde("run", "--events", "heap", "--contents", 64, "--", "true")
        self.assertEqual(status, 125)
        self.assert_complaint(errors, "--contents", "-c")

    def test_a_terminal_shows_how_it_goes_on(self):
        target = self.target("allocations", "churn", 1)
        target.ready()
        target.say()
        ours, theirs = pty.openpty()
        self.addCleanup(os.close, ours)
        sonde = subprocess.Popen([harness.SONDE, "heap", "-o", self.folder / "report", str(target.pid)], stderr=theirs)
        os.close(theirs)
        self.addCleanup(sonde.kill)
        seen = ""
        while len(re.findall(r"\r\x1b\[Ksonde: \d+ s, [\d,]+ calls, [\d,]+ a second; [\d.]+ [KMG]?i?B live in", seen)) < 2:
            self.assertTrue(select.select([ours], [], [], harness.LIMIT)[0], seen)
            seen += os.read(ours, 4096).decode()
        sonde.send_signal(signal.SIGINT)
        self.assertEqual(sonde.wait(harness.LIMIT), 0)
        self.assertIn("Heap of process", (self.folder / "report").read_text())
        while not seen.endswith("\r\x1b[K"):  # The line is taken away.
            self.assertTrue(select.select([ours], [], [], harness.LIMIT)[0], seen)
            seen += os.read(ours, 4096).decode()


if __name__ == "__main__":
    harness.main()

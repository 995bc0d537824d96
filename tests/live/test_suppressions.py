"""sonde suppressions check on files of every kind of mistake, with its exit statuses."""

import datetime
import json
import subprocess
import unittest

from harness import LiveTest, SONDE

GOOD = """\
# ==== libexample ====

# Kept until the end.
# Reference: https://example.org/1
# Reviewed: {today}
leak:libexample.so
{{
   the cache of example
   Memcheck:Leak
   match-leak-kinds: reachable
   fun:malloc
   ...
   fun:example_cache_fill
}}
"""


class Suppressions(LiveTest):
    def setUp(self):
        super().setUp()
        self.today = datetime.datetime.now(datetime.timezone.utc).date()
        self.write("good.supp", GOOD.format(today=self.today))

    def write(self, name, text):
        (self.folder / name).write_text(text)
        return name

    def check(self, *arguments, status=0):
        done = subprocess.run([SONDE, "suppressions", "check", *map(str, arguments)], capture_output=True, text=True,
                              cwd=self.folder, timeout=60)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout, done.stderr

    def test_a_good_file(self):
        self.assertEqual(self.check("good.supp"), ("1 file, 2 suppressions: nothing found\n", ""))
        self.assertEqual(self.check("/dev/null"), ("1 file, 0 suppressions: nothing found\n", ""))

    def test_mistakes_are_shown_where_they_are_and_all_of_them(self):
        self.write("bad.supp", "Leak:a\nleak:bbb\n{\n n\n Memcheck:Leak\n fun:a\n nowhere\n}\n}\n")
        text, errors = self.check("good.supp", "bad.supp", status=1)
        self.assertEqual(errors, "")
        self.assertEqual(text, """\
bad.supp:1:1: error: a suppression begins with 'leak:' or '{'
  Leak:a
  ^~~~~~  did you mean 'leak:'?
bad.supp:7:2: error: this says not where: fun:NAME, obj:NAME, src:FILE[:LINE] or ...
   nowhere
   ^~~~~~~
bad.supp:9:1: error: no suppression is open here
  }
  ^
2 files, 3 suppressions: 3 mistakes
""")

    def test_duplicates_and_what_is_too_broad(self):
        self.write("more.supp", "leak:*\nleak:*libexample.so*\nleak:main\n")
        text, _ = self.check("good.supp", "more.supp", status=1)
        self.assertEqual(text, """\
more.supp:1: too broad: leak:*: it names fewer than 3 characters, and matches nearly every leak
more.supp:2: duplicate: leak:*libexample.so*: the same as good.supp:6, leak:libexample.so
more.supp:3: too broad: leak:main: it matches 'main', which nearly every stack has
2 files, 5 suppressions: 1 duplicate, 2 too broad
""")

    def test_reviews(self):
        long_ago = self.today - datetime.timedelta(days=400)
        self.write("old.supp", f"# Tested: {long_ago} on x 1\nleak:tested\n\nleak:never\n")
        text, _ = self.check("old.supp", status=1)
        self.assertEqual(text, f"old.supp:2: not reviewed: leak:tested: last looked at on {long_ago}, 400 days ago\n"
                               "1 file, 2 suppressions: 1 not reviewed\n")
        text, _ = self.check("--reviewed-within", "1000", "old.supp", status=1)
        self.assertIn("old.supp:4: not reviewed: leak:never: it has no date", text)
        self.assertNotIn(":2:", text)

    def test_the_program_itself(self):
        (self.folder / "app.cpp").write_text("namespace app { __attribute__((noinline)) int work(int x) { return x; } }\n"
                                             "int main(int argc, char**) { return app::work(argc) == 77; }\n")
        subprocess.run(["c++", "-O1", "-o", "app", "app.cpp"], cwd=self.folder, check=True)
        self.write("own.supp", "leak:app::work\n{\n n\n Memcheck:Leak\n fun:malloc\n obj:*/app\n}\n")
        self.assertEqual(self.check("own.supp")[0], "1 file, 2 suppressions: nothing found\n")
        text, _ = self.check("--program", "app", "own.supp", status=1)
        self.assertIn("own.supp:1: too broad: leak:app::work: it matches code of the program itself: app::work(int)\n", text)
        self.assertIn("own.supp:2: too broad: n: it matches code of the program itself: ", text)
        self.assert_complaint(self.check("--program", "own.supp", "own.supp", status=125)[1], "no ELF file")

    def test_against_a_report(self):
        self.write("report.json", json.dumps({"kind": "leaks", "suppressions": [
            {"file": "good.supp", "line": 6, "name": "libexample.so", "count": 3, "bytes": 100},
            {"file": "good.supp", "line": 7, "name": "the cache of example", "count": 0, "bytes": 0}]}))
        text, _ = self.check("--against", "report.json", "good.supp", status=1)
        self.assertEqual(text, "good.supp:7: unused: the cache of example: it matched nothing\n"
                               "1 file, 2 suppressions: 1 unused\n")
        self.write("other.supp", "leak:other\n")
        self.assert_complaint(self.check("--against", "report.json", "other.supp", status=125)[1], "other.supp")
        self.assert_complaint(self.check("--against", "good.supp", "good.supp", status=125)[1], "good.supp", "no JSON")

    def test_json(self):
        self.write("bad.supp", "leak:main\nx\n")
        finding, mistake, summary = map(json.loads, self.check("--format", "json", "bad.supp", status=1)[0].splitlines())
        self.assertEqual((finding["finding"], finding["file"], finding["line"], finding["name"]),
                         ("too_broad", "bad.supp", 1, "main"))
        self.assertEqual((mistake["finding"], mistake["line"]), ("syntax", 2))
        self.assertEqual(summary, {"kind": "summary", "files": 1, "suppressions": 1, "syntax": 1, "duplicate": 0,
                                   "too_broad": 1, "not_reviewed": 0, "unused": 0, "left_out": 0})

    def test_files_that_cannot_be_read(self):
        text, errors = self.check("absent.supp", "good.supp", status=125)
        self.assert_complaint(errors, "absent.supp", "No such file")
        self.assertIn("1 file, 2 suppressions", text)
        self.assert_complaint(self.check("/", status=125)[1], "directory")
        self.assert_complaint(self.check("/dev/zero", status=125)[1], "larger")
        self.assert_complaint(self.check(status=125)[1], "Usage: sonde suppressions check")

    def test_control_characters_do_not_reach_the_terminal(self):
        self.write("evil.supp", "\x1b[31m\nleak:\x1b[2Jmain\x1b\n{\n \x1b\n Memcheck:Leak\n fun:*\n}\n# Reviewed: \x1b\nleak:abc\n")
        text, errors = self.check("evil.supp", status=1)
        self.assertNotIn("\x1b", text + errors)

    def test_help_fits_a_screen(self):
        for words in ([], ["check"]):
            text = subprocess.run([SONDE, "suppressions", *words, "--help"], capture_output=True, text=True,
                                  check=True).stdout
            self.assertLessEqual(len(text.splitlines()), 24)
            self.assertEqual(text.count("\n  sonde "), 2)


if __name__ == "__main__":
    unittest.main()

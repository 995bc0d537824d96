#include "sonde/suppress/parser.hpp"

#include <cstdio>
#include <string>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "unit/suppress/stacks.hpp"

using namespace sonde;
using namespace sonde::suppress;
using std::chrono::sys_days;

namespace {

// The first mistake, as it is shown.
std::string mistake(const std::string& text) {
  const Suppressions read = parsed(text);
  return read.problems().empty() ? "" : read.problems().front().block;
}

std::string block(const std::string& lines) { return "{\n n\n" + lines + "}\n"; }

std::vector<std::string> messages(const std::string& text) {
  std::vector<std::string> all;
  const Suppressions read = parsed(text);
  for (const Problem& problem : read.problems()) all.push_back(problem.message);
  return all;
}

sys_days day(int year, unsigned month, unsigned date) {
  return std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(date);
}

}  // namespace

TEST_CASE("both formats in one file") {
  const Suppressions read = parsed(
      "leak:foo\n  leak:  bar baz \t\r\n{\n  a name: with things  \n  Memcheck:Leak\n  match-leak-kinds: "
      "reachable\n"
      "  fun:malloc\n  # a comment\n\n  ...\n  obj:/lib/*.so\n  src:a.c\n  src:b.c:12\n}\nleak:last");
  CHECK(read.problems().empty());
  REQUIRE(read.all().size() == 4);
  CHECK(read.all()[0].name == "foo");
  CHECK(read.all()[0].line == 1);
  CHECK(read.all()[1].name == "  bar baz");  // LeakSanitizer keeps spaces behind the colon.
  CHECK(read.all()[3].name == "last");
  const Suppression& made = read.all()[2];
  CHECK(made.format == Format::valgrind);
  CHECK(made.name == "a name: with things");
  CHECK(made.line == 3);
  CHECK(made.kinds.has(LeakKind::reachable));
  CHECK_FALSE(made.kinds.has(LeakKind::definite));
  CHECK(made.places == std::vector<Place>{{Place::Kind::function, "malloc", 0},
                                          {},
                                          {Place::Kind::object, "/lib/*.so", 0},
                                          {Place::Kind::source, "a.c", 0},
                                          {Place::Kind::source, "b.c", 12}});
}

TEST_CASE("what is for other tools, or not about leaks, is kept and ignored") {
  const Suppressions read =
      parsed(block("Helgrind:Race\n whatever\n fun:x\n") + block("Memcheck:Cond\n fun:a\n") +
             block("Memcheck:Param\n write(buf)\n fun:a\n") + block("DRD,Memcheck:Leak\n fun:a\n") +
             block(" Helgrind, Memcheck:Leak\n fun:a\n"));
  CHECK(read.problems().size() == 1);  // The space before Memcheck.
  REQUIRE(read.all().size() == 4);
  for (const std::size_t i : {0u, 1u, 2u}) CHECK_FALSE(read.all()[i].about_leaks);
  CHECK(read.all()[3].about_leaks);
}

TEST_CASE("files of DOS, and whatever else counts as space") {
  CHECK(parsed("\f\r\n{\r\n\tn\r\n Memcheck:Leak\v\r\n fun:a\r\n}\r\nleak:a\r\n").all().size() == 2);
}

TEST_CASE("comments are the record of what follows them") {
  const Suppressions read = parsed(
      "# ==========\n# Python\n# ==========\n\n"
      "# Kept for good\n#   by the interpreter.\n# Reference: https://example.org/1\n# reference: PEP 1\n"
      "# Status: wontfix\n# Tested: 2026-01-09 on Python 3.11\n# REVIEWED: 2026-02-01\n# Reviewed: "
      "2025-12-31\n"
      "leak:one\nleak:two\n# Another\nleak:three\n\nleak:four\n\n\n# A heading\n\n{\n n\n Memcheck:Leak\n # "
      "no record\n fun:a\n}\n");
  REQUIRE(read.problems().empty());
  REQUIRE(read.all().size() == 5);
  const Record& one = *read.all()[0].record;
  CHECK(one.category == "Python");
  CHECK(one.why == "Kept for good by the interpreter.");
  CHECK(one.reference == "https://example.org/1; PEP 1");
  CHECK(one.status == "wontfix");
  CHECK(one.tested == "2026-01-09 on Python 3.11");
  CHECK(one.tested_on == day(2026, 1, 9));
  CHECK(one.reviewed_on == day(2026, 2, 1));
  CHECK(one.last_look() == day(2026, 2, 1));
  CHECK(read.all()[1].record == read.all()[0].record);
  CHECK(read.all()[2].record->why == "Another");
  CHECK_FALSE(read.all()[2].record->last_look());
  CHECK(*read.all()[3].record == Record{.category = "Python",
                                        .why = {},
                                        .reference = {},
                                        .status = {},
                                        .tested = {},
                                        .reviewed = {},
                                        .tested_on = {},
                                        .reviewed_on = {}});
  CHECK(read.all()[4].record->category == "A heading");
  CHECK(read.all()[4].record->why.empty());
}

TEST_CASE("a date that is none is told, and the entry holds") {
  for (const char* date :
       {"yesterday", "2026-1-9", "2026-13-01", "2026-02-30", "20260109", "", "2026-01-0x", "2026-01-099"}) {
    CAPTURE(date);
    const Suppressions read = parsed(std::string("# Reviewed: ") + date + "\nleak:a\n");
    REQUIRE(read.problems().size() == 1);
    CHECK(read.problems().front().in_record);
    CHECK(read.all().size() == 1);
    CHECK_FALSE(read.all().front().record->reviewed_on);
  }
  CHECK(mistake("# Tested: soon\nleak:a\n") ==
        "a.supp:1:11: error: behind 'Tested:' stands a date\n  # Tested: soon\n            ^~~~  such as "
        "2026-01-09");
}

TEST_CASE("mistakes are shown with file, line and caret") {
  CHECK(mistake("leak:a\nLeak:b\n") ==
        "a.supp:2:1: error: a suppression begins with 'leak:' or '{'\n  Leak:b\n  ^~~~~~  did you mean "
        "'leak:'?");
  CHECK(mistake(block("  Memcheck:Leek\n fun:a\n")) ==
        "a.supp:3:12: error: memcheck knows no suppressions of kind 'Leek'\n    Memcheck:Leek\n"
        "             ^~~~  did you mean 'Leak'?");
  CHECK(mistake(block(" Memcheck:Leak\n match-leak-kinds: definite,posible\n fun:a\n")) ==
        "a.supp:4:29: error: 'posible' is no kind of leak\n   match-leak-kinds: definite,posible\n"
        "                              ^~~~~~~  did you mean 'possible'?");
  CHECK(mistake("race:x\n").find("begins with 'leak:'") != std::string::npos);
  CHECK(mistake("{ n\n").find("alone on its line") != std::string::npos);
  CHECK(mistake("}\n").find("no suppression is open") != std::string::npos);
  CHECK(mistake("fun:a\n").find("in no suppression") != std::string::npos);
  CHECK(mistake("{\n}\n").find("is empty") != std::string::npos);
  CHECK(mistake("{\n n\n}\n").find("kind is missing") != std::string::npos);
  CHECK(mistake("{\n n\n Leak\n fun:a\n}\n").find("TOOL:KIND") != std::string::npos);
  CHECK(mistake(block("memcheck:Leak\n fun:a\n")).find("did you mean 'Memcheck'") != std::string::npos);
  CHECK(mistake(block("core:Thread\n fun:a\n")).find("core") != std::string::npos);
  CHECK(mistake(block("Memcheck:Leak\n")).find("does not say where") != std::string::npos);
  CHECK(mistake(block("Memcheck:Leak\n ...\n ...\n")).find("does not say where") != std::string::npos);
  CHECK(mistake(block("Memcheck:Leak\n fun:a\n zzz\n")).find("a.supp:5:2: error: this says not where") == 0);
  CHECK(mistake(block("Memcheck:Leak\n fun:a\n match-leak-kinds: all\n")).find("stands once") !=
        std::string::npos);
  CHECK(mistake(block("Memcheck:Leak\n match-leak-kinds:\n fun:a\n")).find("which kinds?") !=
        std::string::npos);
  CHECK(mistake(block("Memcheck:Leak\n match-leak-kinds: all,definite\n fun:a\n")).find("alone") !=
        std::string::npos);
  CHECK(mistake(block("Memcheck:Leak\n match-leak-kinds: definite, indirect\n fun:a\n")).find("no space") !=
        std::string::npos);
  CHECK(mistake(block("Memcheck:Leak\n src:a.c:x\n")).find("number of a line") != std::string::npos);
  CHECK(mistake(block("Memcheck:Leak\n src:a.c:\n")).find("number of a line") != std::string::npos);
  CHECK(mistake("{\n n\n Memcheck:Leak\n fun:a }\n")
            .find("a.supp:1:1: error: this suppression is not closed") == 0);
  CHECK(parsed("\x1b[31m\x80\n").problems().front().block.find('\x1b') == std::string::npos);
}

TEST_CASE("reading goes on behind a mistake") {
  CHECK(messages("Leak:a\nleak:b\n" + block("Memcheck:Leek\n fun:a\n") + block("Memcheck:Leak\n x\n y\n") +
                 "z\n")
            .size() == 5);
  const Suppressions read =
      parsed("{\n n\n Memcheck:Leak\n fun:a\n{\n m\n Memcheck:Leak\n fun:b\n}\nleak:c\n");
  CHECK(read.problems().size() == 1);
  REQUIRE(read.all().size() == 2);
  CHECK(read.all()[0].name == "m");
}

TEST_CASE("sizes are bounded") {
  std::string text;
  for (std::size_t i = 0; i < limits::suppression_problems + 50; ++i) text += "x\n";
  const Suppressions wrong = parsed(text);
  CHECK(wrong.problems().size() == limits::suppression_problems);
  CHECK(wrong.problems_left_out() == 50);

  text.clear();
  for (std::size_t i = 0; i < limits::suppression_entries + 5; ++i) text += "leak:a\n";
  const Suppressions many = parsed(text);
  CHECK(many.all().size() == limits::suppression_entries);
  CHECK(many.problems().size() == 1);

  CHECK(messages("leak:" + std::string(limits::suppression_line_bytes, 'a') + "\nleak:b\n").size() == 1);
  text.clear();
  for (std::size_t i = 0; i < limits::suppression_places + 5; ++i) text += "fun:a\n";
  CHECK(messages(block("Memcheck:Leak\n" + text)).size() == 1);
  CHECK(parsed("# " + std::string(limits::suppression_line_bytes, 'a') + "\n# b\nleak:a\n")
            .all()
            .front()
            .record->why == "b");

  std::string large(limits::suppression_file_bytes - 4, '\n');
  CHECK(messages(large + "leak:a\n").size() == 2);  // "leak" alone, and that the rest is left out.
}

TEST_CASE("files") {
  Suppressions read;
  CHECK(read.add_file("/no/such/file").error().code == ErrorCode::not_found);
  CHECK_FALSE(read.add_file("/"));
  CHECK(read.add_file("/dev/null"));
  CHECK(read.add_file("/dev/zero").error().code == ErrorCode::limit);
  CHECK(read.files() == std::vector<std::string>{"/dev/null"});
  read.add("b.supp", "leak:x\nx");
  CHECK(read.all().front().file == 1);
  CHECK(read.problems().front().file == 1);
}

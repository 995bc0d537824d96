#include "sonde/suppress/check.hpp"

#include <string>

#include <doctest/doctest.h>

#include "unit/suppress/stacks.hpp"

using namespace sonde;
using namespace sonde::suppress;

namespace {

constexpr std::chrono::sys_days today = std::chrono::year(2026) / 6 / 30;

std::string block(const std::string& name, const std::string& lines) {
  return "{\n " + name + "\n Memcheck:Leak\n" + lines + "}\n";
}

// "LINE KIND", each, and a space behind it.
std::string found(const std::vector<Finding>& findings) {
  std::string all;
  for (const Finding& finding : findings)
    all += std::to_string(finding.line) + ' ' + std::string(name_of(finding.kind)) + ' ';
  return all;
}

std::string broad(const std::string& text, const ProgramCode* program = nullptr) {
  const Suppressions read = parsed(text);
  REQUIRE(read.problems().empty());
  const auto findings = find_too_broad(read, program);
  return findings.empty() ? "" : findings.front().message;
}

std::string duplicate(const std::string& text) {
  const Suppressions read = parsed(text);
  REQUIRE(read.problems().empty());
  const auto findings = find_duplicates(read);
  REQUIRE(findings.size() <= 1);
  return findings.empty() ? "" : std::to_string(findings.front().line) + ": " + findings.front().message;
}

}  // namespace

TEST_CASE("what matches too much") {
  for (const char* pattern : {"", "*", "^*", "ab", "a*b", "*a$", "malloc", "main", "^main$", "mai", "libc.so",
                              "*", "lib", "start_thread", "operator new", "_start", "$"})
    CHECK_MESSAGE(!broad(std::string("leak:") + pattern + "\n").empty(), pattern);
  for (const char* pattern : {"libfoo", "^mainly", "my_malloc_x", "foo", "domain", "libcurl.so"})
    CHECK_MESSAGE(broad(std::string("leak:") + pattern + "\n").empty(), pattern);
  CHECK(broad(block("n", "fun:*\n...\n")) == "it matches every leak");
  CHECK(broad(block("n", "fun:malloc\n...\n")).find("nearly every leak") != std::string::npos);
  CHECK(broad(block("n", "fun:*alloc\nobj:*\nfun:main\nfun:(below main)\n")).find("nearly") !=
        std::string::npos);
  CHECK(broad(block("n", "fun:_Zn*\n...\nfun:start_thread\n")).find("nearly") != std::string::npos);
  CHECK(broad(block("n", "fun:malloc\nfun:foo\n...\n")).empty());
  CHECK(broad(block("n", "fun:malloc\nobj:*libfoo.so\n")).empty());
  CHECK(broad(block("n", "fun:malloc\nsrc:foo.c\n")).empty());
  CHECK(broad("{\n n\n Helgrind:Race\n fun:*\n}\n").empty());
}

TEST_CASE("the program's own code") {
  const ProgramCode code{{"/usr/bin/app", "./app"},
                         {{"_ZN3app4workEv", "app::work()"}, {"helper", "helper"}}};
  CHECK(broad("leak:app::\n", &code) == "it matches code of the program itself: app::work()");
  CHECK(broad("leak:/bin/app\n", &code) == "it matches code of the program itself: /usr/bin/app");
  CHECK(broad("leak:libfoo\n", &code).empty());
  CHECK(broad(block("n", "fun:malloc\nfun:_ZN3app*\n"), &code) ==
        "it matches code of the program itself: app::work()");
  CHECK(broad(block("n", "fun:malloc\nobj:*/app\n"), &code) ==
        "it matches code of the program itself: /usr/bin/app");
  // A line that only a library's frame matches makes a block of that library.
  CHECK(broad(block("n", "fun:malloc\nfun:g_init\nfun:helper\nfun:main\n"), &code).empty());
}

TEST_CASE("what is there twice") {
  CHECK(duplicate("leak:foo\nleak:foo\n") == "2: the same as a.supp:1, leak:foo");
  for (const char* pattern : {"*foo", "foo*", "^*foo", "foo*$", "*foo**"})
    CHECK_MESSAGE(
        duplicate(std::string("leak:foo\nleak:") + pattern + "\n") == "2: the same as a.supp:1, leak:foo",
        pattern);
  CHECK(duplicate("leak:foo\nleak:^foo\n").empty());
  CHECK(duplicate("leak:^foo$\nleak:^foo$x\n") == "2: the same as a.supp:1, leak:^foo$");
  CHECK(duplicate("leak:libfoo.so\nleak:foo\n") == "1: nothing is left for it by a.supp:2, leak:foo");
  CHECK(duplicate("leak:foo*bar\nleak:xfoo_barx\n") == "2: nothing is left for it by a.supp:1, leak:foo*bar");
  CHECK(duplicate("leak:foo$\nleak:foobar\n").empty());
  CHECK(duplicate("leak:*\nleak:foobar\n").empty());
  const std::string lines = "fun:malloc\n...\nfun:foo\n";
  CHECK(duplicate(block("a", lines) + block("b", lines)) == "8: nothing is left for it by a.supp:1");
  CHECK(duplicate(block("a", "match-leak-kinds:definite\n" + lines) + block("b", lines)) ==
        "1: nothing is left for it by a.supp:9");
  CHECK(duplicate(block("a", "match-leak-kinds:definite\n" + lines) +
                  block("b", "match-leak-kinds:possible\n" + lines))
            .empty());
  CHECK(duplicate(block("a", lines) + block("b", lines + "...\n")).empty());
  CHECK(duplicate(block("a", lines) + "leak:foo\n") == "1: nothing is left for it by a.supp:8, leak:foo");
  CHECK(duplicate(block("a", "fun:_ZN3fooEv\n") + "leak:foo\n").empty());
  CHECK(duplicate(block("a", "fun:foo*\n") + "leak:foo\n").empty());
  CHECK(duplicate("{\n n\n Helgrind:Race\n fun:x\n}\n{\n n\n Helgrind:Race\n fun:x\n}\n").empty());
}

TEST_CASE("files are held against each other") {
  Suppressions read;
  read.add("one.supp", "leak:foo\n");
  read.add("two.supp", "\nleak:foo\n");
  const auto findings = find_duplicates(read);
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().file == 1);
  CHECK(findings.front().message == "the same as one.supp:1, leak:foo");
}

TEST_CASE("when somebody has last looked") {
  const Suppressions read = parsed(
      "# Reviewed: 2025-06-30\nleak:year\n\n# Reviewed: 2025-06-29\nleak:more\n\n# Tested: 2020-01-01\n# "
      "Reviewed: 2026-06-01\n"
      "leak:both\n\nleak:never\n");
  CheckOptions options{.today = today};
  CHECK(found(check(read, options)) == "5 not_reviewed ");
  CHECK(check(read, options).front().message == "last looked at on 2025-06-29, 366 days ago");
  options.undated = true;
  options.reviewed_within = 10;
  CHECK(found(check(read, options)) == "2 not_reviewed 5 not_reviewed 9 not_reviewed 11 not_reviewed ");
}

TEST_CASE("what matched nothing, by a report") {
  const Suppressions read = parsed("leak:used\nleak:unhelpful\nleak:moved\n" + block("n", "fun:a\n") +
                                   block("n", "fun:b\n") + "{\n o\n Helgrind:Race\n x\n}\nleak:absent\n");
  const auto report = parse_leak_report(
      R"({"kind":"x"} {"a":[{"suppressions":[{"file":"no"}]}],"suppressions":[
        {"file":"/else/a.supp","line":1,"name":"used","count":3,"bytes":9,"more":[{"count":0,"name":"z"}]},
        {"file":"a.supp","line":2,"name":"unhelpful","count":0,"bytes":0},
        {"file":"a.supp","line":77,"name":"moved","count":1},
        {"file":"a.supp","line":4,"name":"n","count":1},
        {"file":"a.supp","line":9,"name":"n","count":0}]})");
  REQUIRE_MESSAGE(report, report.error().message());
  CHECK(report->size() == 5);
  CHECK(report->front().bytes == 9);
  const CheckOptions options{.today = today, .report = &*report};
  CHECK(found(check(read, options)) == "2 unused 9 unused 19 unused ");
  CHECK(unknown_files(read, *report).empty());
  Suppressions other;
  other.add("b.supp", "leak:xyz\n");
  CHECK(unknown_files(other, *report) == std::vector<std::string>{"b.supp"});
  CHECK(check(other, options).empty());
}

TEST_CASE("reports that are none") {
  for (const char* text : {"", "{}", "[]", "{\"suppressions\":{}}", "{\"suppressions\":[", "nonsense",
                           "[{\"suppressions\":[]}]"}) {
    CAPTURE(text);
    REQUIRE_FALSE(parse_leak_report(text));
    CHECK(parse_leak_report(text).error().code == ErrorCode::invalid);
  }
  CHECK(parse_leak_report("{\"suppressions\":[]}")->empty());
  CHECK(parse_leak_report(
            "{\"suppressions\":[1,[2],\"x\",{\"line\":-1,\"count\":1e3,\"name\":{\"base64\":\"eA==\"}}]}")
            ->size() == 1);
  CHECK(parse_leak_report(std::string(1000, '[')).error().code == ErrorCode::limit);
}

TEST_CASE("mistakes are findings") {
  const auto findings = check(parsed("leak:foo\nnonsense\n"), {.today = today});
  REQUIRE(findings.size() == 1);
  CHECK(findings.front().kind == Finding::Kind::syntax);
  CHECK(findings.front().block.find("a.supp:2:1: error: ") == 0);
}

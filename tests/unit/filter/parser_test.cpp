#include "sonde/filter/parser.hpp"

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "sonde/filter/typed.hpp"

using namespace sonde;
using namespace sonde::filter;

namespace {

// The normal form, or the error.
std::string normal(std::string_view text) {
  const auto expr = compile(text);
  return expr ? to_text(expr->root) : expr.error().context;
}

}  // namespace

TEST_CASE("operators bind as in C, and words do what symbols do") {
  CHECK(normal("failed||failed&&!failed") == "failed || (failed && !failed)");
  CHECK(normal("failed or failed and not failed") == "failed || (failed && !failed)");
  CHECK(normal("(failed || failed) && failed") == "(failed || failed) && failed");
  CHECK(normal("((failed))") == "failed");
  CHECK(normal("!!failed") == "!!failed");
  CHECK(normal("not fd == 3") == "!(fd == 3)");
  CHECK(normal("! (fd == 3 and failed)") == "!(fd == 3 && failed)");
  CHECK(normal("failed == true") == "failed == true");
  CHECK(normal("failed != true") == "failed == false");
}

TEST_CASE("numbers, sizes and durations") {
  CHECK(normal("fd == 0x1F") == "fd == 31");
  CHECK(normal("fd == 0o17") == "fd == 15");
  CHECK(normal("fd == 0b1_01") == "fd == 5");
  CHECK(normal("ret == 1_000_000") == "ret == 1000000");
  CHECK(normal("fd == -1") == "fd == -1");
  CHECK(normal("ret == - 1") == "ret == -1");
  CHECK(normal("arg0 == 0xffff_ffff_ffff_ffff") == "arg0 == 18446744073709551615");
  const std::vector<std::pair<std::string, std::string>> sizes = {
      {"1B", "1"},          {"4K", "4096"},       {"4KiB", "4096"},
      {"4kB", "4000"},      {"2M", "2097152"},    {"2MiB", "2097152"},
      {"2MB", "2000000"},   {"1G", "1073741824"}, {"1GiB", "1073741824"},
      {"1GB", "1000000000"}};
  for (const auto& [written, bytes] : sizes) CHECK(normal("ret >= " + written) == "ret >= " + bytes);
  const std::vector<std::pair<std::string, std::string>> durations = {
      {"7ns", "7ns"}, {"10us", "10us"}, {"10ms", "10ms"}, {"1500ms", "1500ms"},
      {"5s", "5s"},   {"120s", "2m"},   {"3m", "3m"},     {"0", "0ns"}};
  for (const auto& [written, shown] : durations)
    CHECK(normal("duration > " + written) == "duration > " + shown);
}

TEST_CASE("strings have both quotes and C's escapes") {
  CHECK(normal("comm == 'a\"b'") == R"(comm == "a\"b")");
  CHECK(normal(R"(comm == "a\n\t\x41\101\0\\\"\'\e")") == R"(comm == "a\012\011AA\000\\\"'\033")");
  // The normal form reads back as the same bytes.
  const std::string once = normal(R"(comm == "\x80\xff\n")");
  CHECK(normal(once) == once);
}

TEST_CASE("sets, ranges, globs and classes") {
  CHECK(normal("fd in [1,2, 5..9]") == "fd in [1, 2, 5..9]");
  CHECK(normal("fd in {1}") == "fd in [1]");
  CHECK(normal("fd in 1..3") == "fd in 1..3");
  CHECK(normal("fd not in -2..3") == "fd not in -2..3");
  CHECK(normal("duration in 1ms..2s") == "duration in 1ms..2s");
  CHECK(normal("syscall in [open*, %file, \"read\"]") == "syscall in [open*, %file, read]");
  CHECK(normal("syscall == %file") == "syscall == %file");
  CHECK(normal("syscall != *at") == "syscall != *at");
  CHECK(normal("class in [file, %network]") == "class in [file, %network]");
  CHECK(normal("flags has [O_CREAT, O_TRUNC]") == "flags has [O_CREAT, O_TRUNC]");
  CHECK(normal("stack has function \"main\"") == "stack has function \"main\"");
  CHECK(normal("site.file == 'a.cpp' && site.line in 100..140") ==
        "site.file == \"a.cpp\" && site.line in 100..140");
  CHECK(normal("alloc.size >= 1MiB && site.function =~ '^parse'") ==
        "alloc.size >= 1048576 && site.function =~ \"^parse\"");
}

TEST_CASE("the normal form is a fixed point") {
  for (const std::string_view text :
       {"failed or fd == 3 and not (path =~ 'x' || ret < 0)",
        "syscall in [open*, %%stat] && !(errno == ENOENT)", "!(!failed)",
        "duration in [1ms..3ms, 7s] || time > 90s", "kind in [signal, process] && signal != SIGKILL"}) {
    const std::string once = normal(text);
    CHECK(normal(once) == once);
    CHECK(once.find("error") == std::string::npos);
  }
}

TEST_CASE("errors of form") {
  CHECK(normal("") == "error: expected a field, found the end\n  \n  ^");
  CHECK(normal("fd ==") == "error: expected a value, found the end\n  fd ==\n       ^");
  CHECK(normal("fd = 3") == "error: unexpected '='\n  fd = 3\n     ^  did you mean '=='?");
  CHECK(normal("failed & failed") ==
        "error: unexpected '&'\n  failed & failed\n         ^  did you mean '&&'?");
  CHECK(normal("failed | failed") ==
        "error: unexpected '|'\n  failed | failed\n         ^  did you mean '||'?");
  CHECK(normal("fd == 3 @") == "error: unexpected '@'\n  fd == 3 @\n          ^");
  CHECK(normal("3 == fd") ==
        "error: expected a field, found '3'\n  3 == fd\n  ^  the field stands on the left, as in fd == 3");
  CHECK(normal("failed failed") ==
        "error: expected '&&', '||' or the end, found 'failed'\n  failed failed\n         ^~~~~~");
  CHECK(normal("(failed") == "error: '(' is not closed\n  (failed\n  ^");
  CHECK(normal("failed)") == "error: ')' without '('\n  failed)\n        ^");
  CHECK(normal("(failed ]") == "error: expected ')', found ']'\n  (failed ]\n          ^");
  CHECK(normal("fd in [1") == "error: '[' is not closed\n  fd in [1\n        ^");
  CHECK(normal("fd in {1, 2]") == "error: expected ',' or '}', found ']'\n  fd in {1, 2]\n             ^");
  CHECK(normal("fd in []") == "error: an empty set matches nothing\n  fd in []\n        ^~");
  CHECK(normal("fd == [1]") ==
        "error: expected one value, found '['\n  fd == [1]\n        ^  a set follows 'in'");
  CHECK(normal("fd == 1..2") ==
        "error: a range cannot follow '=='\n  fd == 1..2\n        ^~~~  ranges follow 'in'");
  CHECK(normal("fd not 3") == "error: expected 'in' after 'not', found '3'\n  fd not 3\n         ^");
  CHECK(normal("fd == -x") == "error: expected a number after '-', found 'x'\n  fd == -x\n         ^");
  CHECK(normal("comm == \"x") ==
        "error: this string is not closed\n  comm == \"x\n          ^~  it needs a \"");
  CHECK(normal(R"(comm == "a\q")") ==
        "error: unknown escape '\\q'\n  comm == \"a\\q\"\n            ^~  C's escapes are known; a backslash "
        "itself is written \\\\");
  CHECK(normal(R"(comm == "\777")") ==
        "error: this escape is larger than a byte\n  comm == \"\\777\"\n           ^~~~");
  CHECK(normal("fd == 0x") ==
        "error: '0x' is not a number\n  fd == 0x\n        ^~  numbers are written 42, 1_000, 0x2a, 0o52 or "
        "0b101010");
  CHECK(normal("fd == 1__2").starts_with("error: '1__2' is not a number\n"));
  CHECK(normal("fd == 1_").starts_with("error: '1_' is not a number\n"));
  CHECK(normal("fd == 0b12").starts_with("error: '0b12' is not a number\n"));
  CHECK(normal("fd == 18446744073709551616") ==
        "error: this number does not fit in 64 bits\n  fd == 18446744073709551616\n        "
        "^~~~~~~~~~~~~~~~~~~~");
  CHECK(normal("ret > 17179869184G").starts_with("error: this number does not fit in 64 bits\n"));
  CHECK(normal("arg0 > -9223372036854775809").starts_with("error: this number does not fit in 64 bits\n"));
  CHECK(normal("ret > 4KB") == "error: unknown unit 'KB'\n  ret > 4KB\n         ^~  did you mean 'kB'?");
  CHECK(normal("ret > 4parsec") ==
        "error: unknown unit 'parsec'\n  ret > 4parsec\n         ^~~~~~  units are B, K, M, G, KiB, MiB, "
        "GiB, kB, MB, GB and ns, us, ms, s, m");
  CHECK(normal("duration > 1h")
            .ends_with("^  units are B, K, M, G, KiB, MiB, GiB, kB, MB, GB and ns, us, ms, s, m"));
  CHECK(normal("syscall == %") ==
        "error: '%' must be followed by the name of a class\n  syscall == %\n             ^  as in %file");
}

TEST_CASE("limits") {
  const std::string deep(limits::filter_nesting, '(');
  const std::string close(limits::filter_nesting, ')');
  CHECK(normal(deep + "failed" + close) == "failed");
  CHECK(normal("(" + deep + "failed" + close + ")").starts_with("error: nested deeper than 256\n"));
  CHECK(parse("(" + deep + "failed" + close + ")").error().code == ErrorCode::limit);
  CHECK(parse(std::string(limits::filter_nesting, '!') + "failed").has_value());
  CHECK(parse(std::string(limits::filter_nesting + 1, '!') + "failed").error().code == ErrorCode::limit);
  CHECK(parse(std::string(limits::filter_bytes, ' ') + "x").error().context ==
        "error: this filter is 65537 bytes long, and the limit is 65536");
  // As many alternatives as fit do not nest.
  std::string wide = "failed";
  while (wide.size() + 10 < limits::filter_bytes) wide += "||failed";
  CHECK(compile(wide).has_value());
  std::string set = "fd in [1";
  while (set.size() + 3 < limits::filter_bytes) set += ",1";
  CHECK(compile(set + "]").has_value());
}

TEST_CASE("a long, many-lined or foul source is shown by its part") {
  const std::string spaces(300, ' ');
  const std::string error = normal("failed &&" + spaces + "nonsense == 1" + spaces);
  CHECK(error.starts_with("error: unknown field 'nonsense'\n  ..."));
  CHECK(error.size() < 400);
  CHECK(normal("failed &&\n  nonsense == 1\n|| failed") ==
        "error: unknown field 'nonsense'\n    nonsense == 1\n    ^~~~~~~~");
  CHECK(normal("comm == 'é' && fdd == 1") ==
        "error: unknown field 'fdd'\n  comm == 'é' && fdd == 1\n                 ^~~  did you mean 'fd'?");
  CHECK(normal("comm == '\x1b[31m\xff' \x9b") ==
        "error: unexpected '?'\n  comm == '?[31m?' ?\n                   ^");
}

TEST_CASE("a caret stands under its place, whatever is before it") {
  CHECK(normal("fd == 3\t&& x ~") == "error: unexpected '~'\n  fd == 3 && x ~\n               ^");
  CHECK(normal("path == 'äöü' ~") == "error: unexpected '~'\n  path == 'äöü' ~\n                ^");
  // Two columns a character; a mark on the letter before it takes none.
  CHECK(normal("path == '日本' ~") == "error: unexpected '~'\n  path == '日本' ~\n                 ^");
  CHECK(normal("path == 'e\u0301' ~") == "error: unexpected '~'\n  path == 'e\u0301' ~\n              ^");
  CHECK(normal("path == '\x1b\xff' ~") == "error: unexpected '~'\n  path == '?\?' ~\n               ^");
  CHECK(normal("fd == 1 &&\nret ~") == "error: unexpected '~'\n  ret ~\n      ^");
  const std::string long_one = std::string(300, ' ') + "fd ~ " + std::string(300, 'x');
  CHECK(normal(long_one) == "error: unexpected '~'\n  ..." + std::string(37, ' ') + "fd ~ " +
                                std::string(58, 'x') + "...\n  " + std::string(43, ' ') + "^");
}

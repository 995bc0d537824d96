#include <doctest/doctest.h>

#include "sonde/filter/diagnostic.hpp"
#include "sonde/filter/typed.hpp"

using namespace sonde;
using namespace sonde::filter;

namespace {

std::string error_of(std::string_view text) {
  const auto expr = compile(text);
  return expr ? "no error" : expr.error().context;
}

}  // namespace

TEST_CASE("unknown names suggest the nearest") {
  CHECK(error_of("alloc.sise > 4K") ==
        "error: unknown field 'alloc.sise'\n  alloc.sise > 4K\n  ^~~~~~~~~~  did you mean 'alloc.size'?");
  CHECK(error_of("zzzzzzz") == "error: unknown field 'zzzzzzz'\n  zzzzzzz\n  ^~~~~~~");
  CHECK(error_of("openat") ==
        "error: unknown field 'openat'\n  openat\n  ^~~~~~  did you mean 'syscall == openat'?");
  CHECK(error_of("syscall == opne") ==
        "error: unknown system call 'opne'\n  syscall == opne\n             ^~~~  did you mean 'open'?");
  CHECK(error_of("syscall in [read, opnat]") ==
        "error: unknown system call 'opnat'\n  syscall in [read, opnat]\n                    ^~~~~  did you "
        "mean 'openat'?");
  CHECK(error_of("syscall == xyz*") ==
        "error: no system call is named like 'xyz*'\n  syscall == xyz*\n             ^~~~");
  CHECK(error_of("syscall =~ 'xyz'") ==
        "error: no system call's name matches this\n  syscall =~ 'xyz'\n             ^~~~~");
  CHECK(error_of("syscall == %fil") ==
        "error: unknown class 'fil'\n  syscall == %fil\n             ^~~~  did you mean 'file'?");
  CHECK(error_of("class == netwerk") ==
        "error: unknown class 'netwerk'\n  class == netwerk\n           ^~~~~~~  did you mean 'network'?");
  CHECK(error_of("errno == ENOENTT") ==
        "error: unknown errno 'ENOENTT'\n  errno == ENOENTT\n           ^~~~~~~  did you mean 'ENOENT'?");
  CHECK(error_of("signal == SIGSEVG") ==
        "error: unknown signal 'SIGSEVG'\n  signal == SIGSEVG\n            ^~~~~~~  did you mean 'SIGSEGV'?");
  CHECK(error_of("signal == segv") ==
        "error: unknown signal 'segv'\n  signal == segv\n            ^~~~  did you mean 'SIGSEGV'?");
  CHECK(error_of("flags has O_CRAET") ==
        "error: unknown flag 'O_CRAET'\n  flags has O_CRAET\n            ^~~~~~~  did you mean 'O_CREAT'?");
  CHECK(error_of("fd == AT_FDCW") ==
        "error: unknown name 'AT_FDCW'\n  fd == AT_FDCW\n        ^~~~~~~  did you mean 'AT_FDCWD'?");
  CHECK(error_of("kind == sycall") ==
        "error: unknown kind of event 'sycall'\n  kind == sycall\n          ^~~~~~  did you mean 'syscall'?");
  CHECK(error_of("status == faild") ==
        "error: unknown status 'faild'\n  status == faild\n            ^~~~~  did you mean 'failed'?");
  CHECK(error_of("stack has funktion \"x\"") ==
        "error: frames have no 'funktion'\n  stack has funktion \"x\"\n            ^~~~~~~~  did you mean "
        "'function'?");
}

TEST_CASE("comparisons of wrong types say what is expected") {
  CHECK(error_of("fd == \"x\"") ==
        "error: 'fd' is a number, not a string\n  fd == \"x\"\n        ^~~  as in fd == 3");
  CHECK(error_of("fd == %file") ==
        "error: 'fd' is a number, not a class\n  fd == %file\n        ^~~~~  as in fd == 3");
  CHECK(error_of("fd > 10ms") ==
        "error: 'fd' is a number, not a duration\n  fd > 10ms\n       ^~~~  as in fd == 3");
  CHECK(error_of("syscall > 3") ==
        "error: 'syscall' is the name of a system call and has no '>'\n  syscall > 3\n          ^  it goes "
        "with == != =~ !~ and in, as in syscall == open");
  CHECK(error_of("syscall == 3") ==
        "error: 'syscall' is the name of a system call, not a number\n  syscall == 3\n             ^  "
        "numbers are compared with nr");
  CHECK(error_of("syscall == 3K") ==
        "error: 'syscall' is the name of a system call, not a size\n  syscall == 3K\n             ^~  as in "
        "syscall == open");
  CHECK(error_of("syscall in 1..3") ==
        "error: 'syscall' has no ranges\n  syscall in 1..3\n             ^~~~  numbers have: nr in 0..10");
  CHECK(error_of("syscall =~ open") ==
        "error: 'syscall' is the name of a system call, not a name\n  syscall =~ open\n             ^~~~  as "
        "in syscall == open");
  CHECK(error_of("fd") == "error: 'fd' is a number, not a condition\n  fd\n  ^~  as in fd == 3");
  CHECK(error_of("comm == make") ==
        "error: 'comm' is a string, not a name\n  comm == make\n          ^~~~  did you mean '\"make\"'?");
  CHECK(error_of("comm < 'a'") ==
        "error: 'comm' is a string and has no '<'\n  comm < 'a'\n       ^  it goes with == != =~ !~ and in, "
        "as in comm == \"text\"");
  CHECK(error_of("comm == 3") ==
        "error: 'comm' is a string, not a number\n  comm == 3\n          ^  as in comm == \"text\"");
  CHECK(error_of("comm in 'a'..'b'") ==
        "error: 'comm' has no ranges\n  comm in 'a'..'b'\n          ^~~~~~~~  as in comm == \"text\"");
  CHECK(error_of("duration > 10") ==
        "error: a duration needs a unit\n  duration > 10\n             ^~  as in duration > 10ms");
  CHECK(
      error_of("duration > 4K") ==
      "error: 'duration' is a duration, not a size\n  duration > 4K\n             ^~  as in duration > 10ms");
  CHECK(error_of("errno > 3") ==
        "error: 'errno' is an errno and has no '>'\n  errno > 3\n        ^  it goes with == != and in, as in "
        "errno == ENOENT");
  CHECK(error_of("errno == 'x'") ==
        "error: 'errno' is an errno, not a string\n  errno == 'x'\n           ^~~  as in errno == ENOENT");
  CHECK(error_of("signal has 3") ==
        "error: 'signal' is a signal and has no 'has'\n  signal has 3\n         ^~~  it goes with == != and "
        "in, as in signal == SIGSEGV");
  CHECK(error_of("flags in [1]") ==
        "error: 'flags' is a set of flags and has no 'in'\n  flags in [1]\n        ^~  it goes with has, == "
        "and !=, as in flags has O_CREAT");
  CHECK(error_of("flags has 'x'") ==
        "error: 'flags' is a set of flags, not a string\n  flags has 'x'\n            ^~~  as in flags has "
        "O_CREAT");
  CHECK(
      error_of("flags has AT_FDCWD") ==
      "error: 'AT_FDCWD' is not a flag\n  flags has AT_FDCWD\n            ^~~~~~~~  as in flags has O_CREAT");
  CHECK(error_of("failed > 1") ==
        "error: 'failed' is true or false and has no '>'\n  failed > 1\n         ^  it stands alone or goes "
        "with == and !=, as in failed or !failed");
  CHECK(error_of("failed == 1") ==
        "error: 'failed' is true or false, not a number\n  failed == 1\n            ^  as in failed or "
        "!failed");
  CHECK(error_of("failed == yes") ==
        "error: 'failed' is true or false\n  failed == yes\n            ^~~  as in failed or !failed");
  CHECK(error_of("class == 3") ==
        "error: 'class' is a class of system calls, not a number\n  class == 3\n           ^  as in class == "
        "file");
  CHECK(error_of("kind == %file") ==
        "error: 'kind' is a kind of event, not a class\n  kind == %file\n          ^~~~~  as in kind == "
        "syscall");
  CHECK(error_of("kind in a..b") ==
        "error: 'kind' has no ranges\n  kind in a..b\n          ^~~~  as in kind == syscall");
  CHECK(error_of("stack == 'x'") ==
        "error: 'stack' is a list of frames and has no '=='\n  stack == 'x'\n        ^~  it goes with has, "
        "as in stack has function \"main\"");
  CHECK(error_of("stack has main") ==
        "error: expected function, file or module and a string here\n  stack has main\n            ^~~~  as "
        "in stack has function \"main\"");
  CHECK(error_of("fd in 9..1") ==
        "error: this range is empty\n  fd in 9..1\n        ^~~~  its low end comes first, as in 1..9");
  CHECK(error_of("path =~ '('")
            .starts_with("error: bad regular expression: missing ): (\n  path =~ '('\n          ^~~"));
  CHECK(error_of("ret == -2") ==
        "error: the ret of a call that failed is -1\n  ret == -2\n         ^~  did you mean 'errno == "
        "ENOENT'?");
}

TEST_CASE("names of numbers are known") {
  for (const std::string_view text :
       {"errno == EAGAIN", "errno in [4, EWOULDBLOCK]", "fd == AT_FDCWD", "signal == SIGKILL",
        "signal in [9, 11]", "flags has O_RDWR", "flags has 0x80", "flags == O_RDONLY", "ret == -1",
        "status == successful", "syscall == \"open*\"", "kind in [alloc, free]", "signal.code == -6",
        "signal.address < 4K"}) {
    CHECK_MESSAGE(compile(text).has_value(), text);
  }
}

TEST_CASE("the nearest name") {
  const std::vector<std::string_view> names = {"open", "openat", "close", "O_CREAT"};
  CHECK(nearest("opne", names) == "open");
  CHECK(nearest("clos", names) == "close");
  CHECK(nearest("o_creat", names) == "O_CREAT");
  CHECK(nearest("read", names).empty());
  CHECK(nearest("", names).empty());
  CHECK(nearest(std::string(65, 'o'), names).empty());
}

TEST_CASE("the memory of regular expressions is shared out") {
  // One alone may take what two may not.
  const std::string large = "path =~ '(a{1,1000}){1,30}'";
  std::string many = "path =~ 'a'";
  for (int i = 0; i < 200; ++i) many += " || path =~ 'a'";
  CHECK(compile(many).has_value());
  CHECK(compile(large).has_value() >= compile(large + " || " + many).has_value());
  CHECK_FALSE(compile(large + " || " + many).has_value());
}

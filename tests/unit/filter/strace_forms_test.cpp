#include "sonde/filter/strace_forms.hpp"

#include <doctest/doctest.h>

using namespace sonde::filter;

namespace {

std::string meaning(const std::vector<std::string>& options) {
  Selection selection;
  for (const std::string& option : options) {
    auto added = option == "-z"              ? selection.add_successful_only()
                 : option == "-Z"            ? selection.add_failed_only()
                 : option.starts_with("-P ") ? selection.add_path(std::string_view(option).substr(3))
                                             : selection.add(option);
    if (!added) return added.error().context;
  }
  const auto expr = selection.expression();
  return expr ? to_text(expr->root) : "everything";
}

}  // namespace

TEST_CASE("trace= and plain lists") {
  CHECK(meaning({"trace=open,read"}) == "kind != syscall || syscall in [open, read]");
  CHECK(meaning({"t=open"}) == "kind != syscall || syscall in [open]");
  CHECK(meaning({"open,read"}) == "kind != syscall || syscall in [open, read]");
  CHECK(meaning({"%file"}) == "kind != syscall || syscall in [%file]");
  CHECK(meaning({"file,signal"}) == "kind != syscall || syscall in [%file, %signal]");
  CHECK(meaning({"%%stat"}) == "kind != syscall || syscall in [%%stat]");
  CHECK(meaning({"open*"}) == "kind != syscall || syscall in [open*]");
  CHECK(meaning({"!open,read"}) == "kind != syscall || !(syscall in [open, read])");
  CHECK(meaning({"!!open"}) == "kind != syscall || syscall in [open]");
  CHECK(meaning({"trace=all"}) == "everything");
  CHECK(meaning({"trace=!none"}) == "everything");
  CHECK(meaning({"trace=none"}) == "kind != syscall");
  CHECK(meaning({"none"}) == "kind != syscall");
  CHECK(meaning({"trace=!all"}) == "kind != syscall");
  CHECK(meaning({"trace=0,3"}) == "kind != syscall || nr == 0 || nr == 3");
  CHECK(meaning({"trace=?nosuch,read"}) == "kind != syscall || syscall in [read]");
  CHECK(meaning({"?nosuch"}) == "kind != syscall");
  CHECK(meaning({"trace=!?nosuch"}) == "everything");
  CHECK(meaning({"trace=read,"}) == "kind != syscall || syscall in [read]");
}

TEST_CASE("regular expressions are not split at their commas") {
  CHECK(meaning({"/^open/"}) == "kind != syscall || syscall =~ \"^open\"");
  CHECK(meaning({"trace=/^open"}) == "kind != syscall || syscall =~ \"^open\"");
  CHECK(meaning({"trace=/^e{0,1}xit/"}) == "kind != syscall || syscall =~ \"^e{0,1}xit\"");
  CHECK(meaning({"trace=/^clo(s|x){1,3}e,read"}) ==
        "kind != syscall || syscall in [read] || syscall =~ \"^clo(s|x){1,3}e\"");
  CHECK(meaning({"read,/^ex{0,2}/,write"}) ==
        "kind != syscall || syscall in [read, write] || syscall =~ \"^ex{0,2}\"");
  CHECK(meaning({"!/at$/"}) == "kind != syscall || !(syscall =~ \"at$\")");
}

TEST_CASE("the other qualifiers") {
  CHECK(meaning({"status=failed"}) == "kind != syscall || status in [failed]");
  CHECK(meaning({"status=successful,unfinished,unavailable,detached"}) ==
        "kind != syscall || status in [successful, unfinished, unavailable, detached]");
  CHECK(meaning({"status=!failed"}) == "kind != syscall || !(status in [failed])");
  CHECK(meaning({"status=all"}) == "everything");
  CHECK(meaning({"-z"}) == "kind != syscall || status in [successful]");
  CHECK(meaning({"-z", "-Z"}) == "kind != syscall || status in [failed]");
  CHECK(meaning({"signal=SIGSEGV,term,9"}) == "kind != signal || signal in [SIGSEGV, SIGTERM, SIGKILL]");
  CHECK(meaning({"s=!io"}) == "kind != signal || !(signal in [SIGIO])");
  CHECK(meaning({"signals=none"}) == "kind != signal");
  CHECK(meaning({"-P /etc/passwd"}) == "kind != syscall || path == \"/etc/passwd\"");
  CHECK(meaning({"-P /a*", "-P /b"}) == "kind != syscall || path == \"/a*\" || path == \"/b\"");
  CHECK(meaning({"fd=3,4"}) == "kind != syscall || fd in [3, 4]");
  CHECK(meaning({"trace-fds=!3"}) == "kind != syscall || fd not in [3]");
  CHECK(meaning({"-P /a", "fd=3"}) == "kind != syscall || path == \"/a\" || fd in [3]");
  CHECK(meaning({"fd=3", "fd=all"}) == "everything");
}

TEST_CASE("forms and expressions combine") {
  CHECK(meaning({"trace=read", "trace=close"}) == "kind != syscall || syscall in [close]");
  CHECK(meaning({"trace=read", "status=failed"}) ==
        "(kind != syscall || syscall in [read]) && (kind != syscall || status in [failed])");
  CHECK(meaning({"fd == 3", "failed || ret > 0", "%file"}) ==
        "(kind != syscall || syscall in [%file]) && fd == 3 && (failed || ret > 0)");
  CHECK(meaning({}) == "everything");
  CHECK(meaning({"failed"}) == "failed");
  CHECK(meaning({"!failed"}) == "!failed");
  CHECK(meaning({"fd==3"}) == "fd == 3");
  CHECK(meaning({"signal=~'x'"}).starts_with("error:"));
}

TEST_CASE("errors point into what was typed") {
  CHECK(meaning({"trace=read,opne"}) ==
        "error: unknown system call 'opne'\n  trace=read,opne\n             ^~~~  did you mean 'open'?");
  CHECK(meaning({"opne"}) == "error: unknown system call 'opne'\n  opne\n  ^~~~  did you mean 'open'?");
  CHECK(meaning({"trace=%fil"}) ==
        "error: unknown class 'fil'\n  trace=%fil\n        ^~~~  did you mean 'file'?");
  CHECK(meaning({"trace="}) == "error: unknown system call ''\n  trace=\n        ^");
  CHECK(meaning({"trace=/(/"})
            .starts_with("error: bad regular expression: missing ): (\n  trace=/(/\n        ^~~"));
  CHECK(meaning({"/xyz/"}) == "error: no system call's name matches this\n  /xyz/\n  ^~~~~");
  CHECK(meaning({"status=faild"}) ==
        "error: unknown status 'faild'\n  status=faild\n         ^~~~~  did you mean 'failed'?");
  CHECK(meaning({"signal=foo"}).starts_with("error: unknown signal 'foo'\n  signal=foo\n         ^~~"));
  CHECK(meaning({"signal=99"}).starts_with("error: unknown signal '99'\n"));
  CHECK(meaning({"fd=x"}) == "error: 'x' is not a descriptor\n  fd=x\n     ^  as in fd=3,4");
  CHECK(meaning({"inject=open"}) ==
        "error: this does not say which events are shown\n  inject=open\n  ^~~~~~  sonde changes nothing of "
        "what a "
        "program does");
  CHECK(meaning({"kvm=vcpu"}) == "error: this does not say which events are shown\n  kvm=vcpu\n  ^~~");
}

TEST_CASE("qualifiers are told apart from expressions") {
  CHECK(qualifier_of("read=3")->qualifier == Qualifier::read);
  CHECK(qualifier_of("q=exit,attach")->value == "exit,attach");
  CHECK_FALSE(qualifier_of("fd==3").has_value());
  CHECK_FALSE(qualifier_of("fd == 3").has_value());
  CHECK_FALSE(qualifier_of("failed").has_value());
  CHECK_FALSE(qualifier_of("=x").has_value());
}

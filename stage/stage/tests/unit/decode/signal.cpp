// Signal sets and actions, against what strace 6.1 prints.
#include <csignal>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

std::string masked(std::uint64_t mask, Style style = {}) {
  CallBuilder call("rt_sigprocmask");
  call.style = style;
  return call.arg(SIG_SETMASK).in(bytes_of(mask)).arg(0).arg(8).ret(0).text();
}

std::string expected(std::string_view set) {
  return "rt_sigprocmask(SIG_SETMASK, " + std::string(set) + ", NULL, 8) = 0";
}

struct Action {
  std::uint64_t handler, flags, restorer, mask;
};

}  // namespace

TEST_CASE("signal sets") {
  CHECK(masked(0) == expected("[]"));
  CHECK(masked(6) == expected("[INT QUIT]"));
  CHECK(masked(0x300000003) == expected("[HUP INT RT_1 RT_2]"));
  CHECK(masked(~std::uint64_t{0}) == expected("~[]"));
  CHECK(masked(~std::uint64_t{6}) == expected("~[INT QUIT]"));
  SUBCASE("of 42 signals on, those that are missing are named") {
    const std::string first_41 = masked((std::uint64_t{1} << 41) - 1);
    CHECK(first_41.find("[HUP INT QUIT ILL") != std::string::npos);
    CHECK(first_41.find('~') == std::string::npos);
    CHECK(masked((std::uint64_t{1} << 42) - 1).find("~[RT_11 RT_12") != std::string::npos);
  }
  SUBCASE("-X raw shows numbers") {
    Style style;
    style.xlat = Xlat::raw;
    CHECK(masked(6, style) == "rt_sigprocmask(2, [2 3], NULL, 8) = 0");
  }
}

TEST_CASE("a signal set of another size is not the kernel's") {
  const std::uint64_t mask = 0x200;
  CHECK(CallBuilder("rt_sigprocmask").arg(SIG_BLOCK).in(bytes_of(mask)).arg(0).arg(4).ret(-EINVAL).text() ==
        "rt_sigprocmask(SIG_BLOCK, 0x10000, NULL, 4) = -1 EINVAL (Invalid argument)");
  CHECK(CallBuilder("rt_sigpending").out(bytes_of(mask)).arg(8).ret(0).text() ==
        "rt_sigpending([USR1], 8) = 0");
  CHECK(CallBuilder("rt_sigpending").out(bytes_of(mask)).arg(4).ret(0).text() ==
        "rt_sigpending([USR1], 4) = 0");
  CHECK(CallBuilder("rt_sigpending").out(bytes_of(mask)).arg(16).ret(-EINVAL).text() ==
        "rt_sigpending(0x10000, 16) = -1 EINVAL (Invalid argument)");
  CHECK(
      CallBuilder("signalfd4").arg(~std::uint64_t{0}).in(bytes_of(mask)).arg(8).arg(0x80000).ret(4).text() ==
      "signalfd4(-1, [USR1], 8, SFD_CLOEXEC) = 4");
}

TEST_CASE("signal actions") {
  const Action restart{0x401615, SA_RESTART | 0x04000000, 0x40b970, 0x200};
  const Action initial{};
  CHECK(CallBuilder("rt_sigaction")
            .arg(SIGUSR1)
            .in(bytes_of(restart))
            .out(bytes_of(initial))
            .arg(8)
            .ret(0)
            .text() ==
        "rt_sigaction(SIGUSR1, {sa_handler=0x401615, sa_mask=[USR1], sa_flags=SA_RESTORER|SA_RESTART, "
        "sa_restorer=0x40b970}, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, 8) = 0");
  const Action ignored{1, 0, 0, ~std::uint64_t{0}};
  CHECK(CallBuilder("rt_sigaction").arg(33).in(bytes_of(ignored)).arg(0).arg(8).ret(0).text() ==
        "rt_sigaction(SIGRT_1, {sa_handler=SIG_IGN, sa_mask=~[], sa_flags=0}, NULL, 8) = 0");
  const Action odd{0x401615, 0x80000 | SA_SIGINFO, 0, 0};
  CHECK(
      CallBuilder("rt_sigaction").arg(99).in(bytes_of(odd)).arg(8).arg(16).ret(-EINVAL).text() ==
      "rt_sigaction(99, {sa_handler=0x401615, sa_mask=[], sa_flags=SA_SIGINFO|0x80000}, 0x8, 16) = -1 EINVAL "
      "(Invalid argument)");
}

TEST_CASE("alternate stacks, and the frame of a handler") {
  stack_t stack{};
  stack.ss_sp = reinterpret_cast<void*>(0x4b36d0);
  stack.ss_size = 16384;
  stack_t none{};
  none.ss_flags = SS_DISABLE;
  CHECK(CallBuilder("sigaltstack").in(bytes_of(stack)).out(bytes_of(none)).ret(0).text() ==
        "sigaltstack({ss_sp=0x4b36d0, ss_flags=0, ss_size=16384}, {ss_sp=NULL, ss_flags=SS_DISABLE, "
        "ss_size=0}) = 0");
  const std::uint64_t mask = 6;
  CHECK(CallBuilder("rt_sigreturn").arg(0).memory(0x7ffe0128, bytes_of(mask)).ret(-EINTR).text() ==
        "rt_sigreturn({mask=[INT QUIT]}) = -1 EINTR (Interrupted system call)");
}

TEST_CASE("waiting for a signal") {
  const std::uint64_t mask = 0x200;
  CHECK(CallBuilder("rt_sigtimedwait").in(bytes_of(mask)).arg(0).arg(0).arg(8).ret(SIGUSR1).text() ==
        "rt_sigtimedwait([USR1], NULL, NULL, 8) = 10 (SIGUSR1)");
  CHECK(CallBuilder("kill").arg(5).arg(0).ret(0).text() == "kill(5, 0) = 0");
  CHECK(CallBuilder("tgkill").arg(5).arg(6).arg(SIGTERM).ret(0).text() == "tgkill(5, 6, SIGTERM) = 0");
}

}  // namespace sonde::decode

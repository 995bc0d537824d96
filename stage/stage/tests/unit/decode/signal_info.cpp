// siginfo as strace 6.1 prints it for the same bytes.
#include "sonde/decode/siginfo.hpp"
#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

std::string rendered(const siginfo_t& info, Style style = {}) {
  std::string text;
  TextWriter writer(text, style.hex_strings);
  render_siginfo(info, style, writer);
  return text;
}

// Distinct numbers in all the members that a code may use.
siginfo_t made(int signal, int code) {
  siginfo_t info{};
  info.si_signo = signal;
  info.si_code = code;
  info.si_pid = 11;
  info.si_uid = 22;
  info.si_status = 33;
  info.si_utime = 44;
  info.si_stime = 55;
  return info;
}

std::string shown(int signal, int code) { return rendered(made(signal, code)); }

}  // namespace

TEST_CASE("signals that a process sent") {
  CHECK(shown(SIGALRM, SI_USER) == "{si_signo=SIGALRM, si_code=SI_USER, si_pid=11, si_uid=22}");
  CHECK(shown(SIGALRM, SI_TKILL) == "{si_signo=SIGALRM, si_code=SI_TKILL, si_pid=11, si_uid=22}");
  CHECK(shown(SIGALRM, SI_MESGQ) ==
        "{si_signo=SIGALRM, si_code=SI_MESGQ, si_pid=11, si_uid=22, si_int=33, si_ptr=0x21}");
  CHECK(shown(SIGALRM, SI_TIMER) ==
        "{si_signo=SIGALRM, si_code=SI_TIMER, si_timerid=0xb, si_overrun=22, si_int=33, si_ptr=0x21}");
  CHECK(shown(SIGIO, SI_SIGIO) == "{si_signo=SIGIO, si_code=SI_SIGIO, si_band=94489280523, si_fd=33}");
  CHECK(shown(SIGSEGV, SI_USER) == "{si_signo=SIGSEGV, si_code=SI_USER, si_pid=11, si_uid=22}");
  CHECK(shown(SIGUSR1, -77) ==
        "{si_signo=SIGUSR1, si_code=0xffffffb3, si_pid=11, si_uid=22, si_int=33, si_ptr=0x21}");
  SUBCASE("a value of 0 is left out") {
    siginfo_t info = made(34, SI_QUEUE);
    info.si_uid = static_cast<uid_t>(-1);
    info.si_ptr = nullptr;
    CHECK(rendered(info) == "{si_signo=SIGRT_2, si_code=SI_QUEUE, si_pid=11, si_uid=-1}");
    info.si_code = SI_TIMER;
    info.si_timerid = -1;
    info.si_overrun = -1;
    CHECK(
        rendered(info) ==
        "{si_signo=SIGRT_2, si_code=SI_TIMER, si_timerid=0xffffffff, si_overrun=-1, si_int=0, si_ptr=NULL}");
  }
}

TEST_CASE("faults") {
  CHECK(shown(SIGSEGV, SEGV_MAPERR) == "{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x160000000b}");
  CHECK(shown(SIGSEGV, 3) ==
        "{si_signo=SIGSEGV, si_code=SEGV_BNDERR, si_addr=0x160000000b, si_lower=0x2c, si_upper=0x37}");
  CHECK(shown(SIGSEGV, 4) == "{si_signo=SIGSEGV, si_code=SEGV_PKUERR, si_addr=0x160000000b, si_pkey=44}");
  CHECK(shown(SIGSEGV, 99) == "{si_signo=SIGSEGV, si_code=0x63, si_addr=0x160000000b}");
  CHECK(shown(SIGBUS, BUS_MCEERR_AR) ==
        "{si_signo=SIGBUS, si_code=BUS_MCEERR_AR, si_addr=0x160000000b, si_addr_lsb=0x21}");
  CHECK(shown(SIGFPE, FPE_INTDIV) == "{si_signo=SIGFPE, si_code=FPE_INTDIV, si_addr=0x160000000b}");
  CHECK(shown(SIGTRAP, SI_KERNEL) == "{si_signo=SIGTRAP, si_code=SI_KERNEL, si_addr=0x160000000b}");
  siginfo_t info{};
  info.si_signo = SIGSEGV;
  info.si_code = SI_KERNEL;
  CHECK(rendered(info) == "{si_signo=SIGSEGV, si_code=SI_KERNEL, si_addr=NULL}");
}

TEST_CASE("what became of a child") {
  CHECK(shown(SIGCHLD, CLD_EXITED) ==
        "{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=11, si_uid=22, si_status=33, "
        "si_utime=44 /* 0.44 s */, si_stime=55 /* 0.55 s */}");
  CHECK(shown(SIGCHLD, CLD_KILLED) ==
        "{si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=11, si_uid=22, si_status=SIGRT_1, "
        "si_utime=44 /* 0.44 s */, si_stime=55 /* 0.55 s */}");
  siginfo_t info{};
  info.si_signo = SIGCHLD;
  info.si_code = CLD_STOPPED;
  info.si_pid = 123;
  info.si_status = SIGSTOP;
  CHECK(rendered(info) ==
        "{si_signo=SIGCHLD, si_code=CLD_STOPPED, si_pid=123, si_uid=0, si_status=SIGSTOP, si_utime=0, "
        "si_stime=0}");
}

TEST_CASE("signals of the kernel") {
  siginfo_t info{};
  info.si_signo = SIGALRM;
  info.si_code = SI_KERNEL;
  CHECK(rendered(info) == "{si_signo=SIGALRM, si_code=SI_KERNEL}");
  CHECK(shown(SIGPIPE, SI_KERNEL) ==
        "{si_signo=SIGPIPE, si_code=SI_KERNEL, si_pid=11, si_uid=22, si_int=33, si_ptr=0x21}");
  CHECK(shown(SIGIO, POLL_IN) == "{si_signo=SIGIO, si_code=POLL_IN, si_band=94489280523, si_fd=33}");
  CHECK(shown(SIGIO, SI_KERNEL) == "{si_signo=SIGIO, si_code=SI_KERNEL}");
  CHECK(shown(SIGSYS, 1) ==
        "{si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x160000000b, si_syscall=33, "
        "si_arch=0 /* AUDIT_ARCH_??? */}");
  info = {};
  info.si_signo = SIGSYS;
  info.si_code = 1;
  info.si_errno = EIO;
  info.si_call_addr = reinterpret_cast<void*>(0x434067);
  info.si_syscall = 39;
  info.si_arch = 0xc000003e;
  CHECK(rendered(info) ==
        "{si_signo=SIGSYS, si_code=SYS_SECCOMP, si_errno=EIO, si_call_addr=0x434067, si_syscall=__NR_getpid, "
        "si_arch=AUDIT_ARCH_X86_64}");
}

TEST_CASE("no signal, and none that is known") {
  CHECK(rendered(siginfo_t{}) == "{}");
  siginfo_t info{};
  info.si_signo = SIGUSR1;
  info.si_code = 99;
  info.si_errno = 999;
  CHECK(rendered(info) == "{si_signo=SIGUSR1, si_code=0x63, si_errno=999}");
  CHECK(shown(77, 1) == "{si_signo=77, si_code=0x1, si_pid=11, si_uid=22, si_int=33, si_ptr=0x21}");
}

TEST_CASE("siginfo under -X") {
  Style style;
  style.xlat = Xlat::raw;
  CHECK(rendered(made(SIGSEGV, SI_USER), style) == "{si_signo=11, si_code=0, si_pid=11, si_uid=22}");
  style.xlat = Xlat::verbose;
  CHECK(rendered(made(SIGSEGV, SI_USER), style) ==
        "{si_signo=11 /* SIGSEGV */, si_code=0 /* SI_USER */, si_pid=11, si_uid=22}");
}

TEST_CASE("a siginfo that a call carries") {
  siginfo_t info{};
  info.si_signo = SIGUSR1;
  info.si_code = SI_QUEUE;
  info.si_pid = 15278;
  info.si_int = 42;
  CHECK(CallBuilder("rt_sigqueueinfo").arg(15278).arg(SIGUSR1).in(bytes_of(info)).ret(0).text() ==
        "rt_sigqueueinfo(15278, SIGUSR1, {si_signo=SIGUSR1, si_code=SI_QUEUE, si_pid=15278, si_uid=0, "
        "si_int=42, "
        "si_ptr=0x2a}) = 0");
  CHECK(CallBuilder("rt_sigqueueinfo").arg(5).arg(SIGUSR1).arg(0).ret(-EFAULT).text() ==
        "rt_sigqueueinfo(5, SIGUSR1, NULL) = -1 EFAULT (Bad address)");
  SUBCASE("a 32-bit process's is packed more tightly") {
    std::int32_t words[32]{SIGCHLD, 0, CLD_EXITED, 11, 22, 33, 44, 55};
    CHECK(CallBuilder("rt_sigqueueinfo", Abi::i386).arg(5).arg(SIGCHLD).in(bytes_of(words)).ret(0).text() ==
          "rt_sigqueueinfo(5, SIGCHLD, {si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=11, si_uid=22, "
          "si_status=33, "
          "si_utime=44 /* 0.44 s */, si_stime=55 /* 0.55 s */}) = 0");
  }
}

}  // namespace sonde::decode

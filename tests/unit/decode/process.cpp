// Processes, against what strace 6.1 prints for the same calls.
#include <sched.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

std::string waited(int status, std::int64_t result = 77) {
  const std::string text =
      CallBuilder("wait4").arg(~std::uint64_t{0}).out(bytes_of(status)).arg(0).arg(0).ret(result).text();
  const std::string before = "wait4(-1, ", after = ", 0, NULL) = " + std::to_string(result);
  REQUIRE(text.starts_with(before));
  REQUIRE(text.ends_with(after));
  return text.substr(before.size(), text.size() - before.size() - after.size());
}

}  // namespace

TEST_CASE("wait statuses") {
  CHECK(waited(0) == "[{WIFEXITED(s) && WEXITSTATUS(s) == 0}]");
  CHECK(waited(44 << 8) == "[{WIFEXITED(s) && WEXITSTATUS(s) == 44}]");
  CHECK(waited(SIGKILL) == "[{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}]");
  CHECK(waited(SIGSEGV | 0x80) == "[{WIFSIGNALED(s) && WTERMSIG(s) == SIGSEGV && WCOREDUMP(s)}]");
  CHECK(waited(0x7f | SIGSTOP << 8) == "[{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}]");
  CHECK(waited(0x7f | (SIGTRAP | 0x80) << 8) == "[{WIFSTOPPED(s) && WSTOPSIG(s) == SIGTRAP | 0x80}]");
  CHECK(waited(0x7f | SIGTRAP << 8 | 128 << 16) ==
        "[{WIFSTOPPED(s) && WSTOPSIG(s) == SIGTRAP}|PTRACE_EVENT_STOP<<16]");
  CHECK(waited(0xffff) == "[{WIFCONTINUED(s)}]");
  CHECK(waited(0, 0) == "0x10000");
}

TEST_CASE("resource usage is abbreviated without -v") {
  rusage usage{};
  usage.ru_utime.tv_usec = 75;
  usage.ru_maxrss = 128;
  usage.ru_nivcsw = 9;
  CallBuilder call("getrusage");
  call.arg(RUSAGE_SELF).out(bytes_of(usage)).ret(0);
  CHECK(call.text() ==
        "getrusage(RUSAGE_SELF, {ru_utime={tv_sec=0, tv_usec=75}, ru_stime={tv_sec=0, tv_usec=0}, ...}) = 0");
  call.style.verbose = true;
  CHECK(
      call.text() ==
      "getrusage(RUSAGE_SELF, {ru_utime={tv_sec=0, tv_usec=75}, ru_stime={tv_sec=0, tv_usec=0}, "
      "ru_maxrss=128, "
      "ru_ixrss=0, ru_idrss=0, ru_isrss=0, ru_minflt=0, ru_majflt=0, ru_nswap=0, ru_inblock=0, ru_oublock=0, "
      "ru_msgsnd=0, ru_msgrcv=0, ru_nsignals=0, ru_nvcsw=0, ru_nivcsw=9}) = 0");
}

TEST_CASE("resource limits") {
  const auto limits = [](rlimit limit) {
    return CallBuilder("prlimit64").arg(0).arg(RLIMIT_STACK).arg(0).out(bytes_of(limit)).ret(0).text();
  };
  CHECK(limits({8192 * 1024, RLIM_INFINITY}) ==
        "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0");
  CHECK(limits({1024, 10240}) == "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=1024, rlim_max=10*1024}) = 0");
  CHECK(limits({1536 * 1024, 3000000}) ==
        "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=1536*1024, rlim_max=3000000}) = 0");
  CHECK(CallBuilder("setrlimit").arg(99).arg(8).ret(-EFAULT).text() ==
        "setrlimit(0x63 /* RLIMIT_??? */, 0x8) = -1 EFAULT (Bad address)");
}

TEST_CASE("uname and sysinfo") {
  utsname names{};
  std::strcpy(names.sysname, "Linux");
  std::strcpy(names.nodename, "vm");
  std::strcpy(names.machine, "x86_64");
  CallBuilder call("uname");
  call.out(bytes_of(names)).ret(0);
  CHECK(call.text() == R"(uname({sysname="Linux", nodename="vm", ...}) = 0)");
  call.style.verbose = true;
  CHECK(
      call.text() ==
      R"(uname({sysname="Linux", nodename="vm", release="", version="", machine="x86_64", domainname=""}) = 0)");
  struct sysinfo system {};
  system.uptime = 1784;
  system.loads[0] = 43744;
  system.totalram = 25276518400;
  system.procs = 100;
  system.mem_unit = 1;
  CHECK(
      CallBuilder("sysinfo").out(bytes_of(system)).ret(0).text() ==
      "sysinfo({uptime=1784, loads=[43744, 0, 0], totalram=25276518400, freeram=0, sharedram=0, bufferram=0, "
      "totalswap=0, freeswap=0, procs=100, totalhigh=0, freehigh=0, mem_unit=1}) = 0");
}

TEST_CASE("CPU sets") {
  const std::uint64_t mask = 0xf5;
  CHECK(CallBuilder("sched_setaffinity").arg(5).arg(8).in(bytes_of(mask)).ret(-ESRCH).text() ==
        "sched_setaffinity(5, 8, [0 2 4 5 6 7]) = -1 ESRCH (No such process)");
  CHECK(CallBuilder("sched_setaffinity").arg(5).arg(0).in(bytes_of(mask)).ret(-ESRCH).text() ==
        "sched_setaffinity(5, 0, []) = -1 ESRCH (No such process)");
  CHECK(CallBuilder("sched_getaffinity").arg(0).arg(128).out(bytes_of(std::uint64_t{3})).ret(8).text() ==
        "sched_getaffinity(0, 128, [0 1]) = 8");
}

TEST_CASE("scheduling") {
  const int priority = 0;
  CHECK(CallBuilder("sched_getparam").arg(0).out(bytes_of(priority)).ret(0).text() ==
        "sched_getparam(0, [0]) = 0");
  CHECK(CallBuilder("sched_getscheduler").arg(0).ret(0).text() == "sched_getscheduler(0) = 0 (SCHED_OTHER)");
  CHECK(CallBuilder("sched_getscheduler").arg(0).ret(1073741827).text() ==
        "sched_getscheduler(0) = 1073741827");
  struct {
    std::uint32_t size = 56, policy = 3;
    std::uint64_t flags = 1;
    std::int32_t nice = 5;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 1400000, deadline = 0, period = 0;
    std::uint32_t lowest = 0, highest = 0;
  } attribute;
  CHECK(CallBuilder("sched_getattr").arg(0).out(bytes_of(attribute)).arg(56).arg(0).ret(0).text() ==
        "sched_getattr(0, {size=56, sched_policy=SCHED_BATCH, sched_flags=SCHED_FLAG_RESET_ON_FORK, "
        "sched_nice=5, "
        "sched_priority=0, sched_runtime=1400000, sched_deadline=0, sched_period=0, sched_util_min=0, "
        "sched_util_max=0}, 56, 0) = 0");
  attribute.size = 10;
  CHECK(CallBuilder("sched_setattr").arg(5).in(bytes_of(attribute)).arg(1).ret(-EINVAL).text() ==
        "sched_setattr(5, {size=10}, 1) = -1 EINVAL (Invalid argument)");
}

TEST_CASE("clone3") {
  std::uint64_t args[11]{};
  args[4] = SIGCHLD;
  CHECK(CallBuilder("clone3").inout(bytes_of(args), bytes_of(args)).arg(64).ret(77).text() ==
        "clone3({flags=0, exit_signal=SIGCHLD, stack=NULL, stack_size=0}, 64) = 77");
  args[0] = CLONE_PIDFD | CLONE_PARENT_SETTID;
  args[1] = 0x100;
  args[3] = 0x200;
  const int pidfd = 5, tid = 77;
  CallBuilder call("clone3");
  call.inout(bytes_of(args), bytes_of(args))
      .arg(88)
      .left(0x100, bytes_of(pidfd))
      .left(0x200, bytes_of(tid))
      .ret(77);
  CHECK(call.text() ==
        "clone3({flags=CLONE_PIDFD|CLONE_PARENT_SETTID, pidfd=0x100, parent_tid=0x200, exit_signal=SIGCHLD, "
        "stack=NULL, stack_size=0} => {pidfd=[5], parent_tid=[77]}, 88) = 77");
  CHECK(CallBuilder("clone3").inout(bytes_of(args), bytes_of(args)).arg(10).ret(-EINVAL).text() ==
        "clone3(0x10000, 10) = -1 EINVAL (Invalid argument)");
}

TEST_CASE("clone shows its arguments by name") {
  CHECK(CallBuilder("clone").arg(SIGCHLD).arg(0).ret(77).text() ==
        "clone(child_stack=NULL, flags=SIGCHLD) = 77");
  const std::uint64_t flags = CLONE_CHILD_CLEARTID | CLONE_CHILD_SETTID | SIGCHLD;
  CHECK(CallBuilder("clone").arg(flags).arg(0).arg(0).arg(0x4b2650).ret(77).text() ==
        "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, "
        "child_tidptr=0x4b2650) = 77");
}

TEST_CASE("futex") {
  const long timeout[] = {0, 1000};
  CHECK(
      CallBuilder("futex").arg(0x1b4).arg(128).arg(0).in(bytes_of(timeout)).ret(-ETIMEDOUT).text() ==
      "futex(0x1b4, FUTEX_WAIT_PRIVATE, 0, {tv_sec=0, tv_nsec=1000}) = -1 ETIMEDOUT (Connection timed out)");
  CHECK(CallBuilder("futex").arg(0x1b4).arg(129).arg(1).ret(0).text() ==
        "futex(0x1b4, FUTEX_WAKE_PRIVATE, 1) = 0");
  CHECK(CallBuilder("futex").arg(0x1b4).arg(137 | 256).arg(0).arg(0).arg(0).arg(0xffffffff).ret(0).text() ==
        "futex(0x1b4, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 0, NULL, FUTEX_BITSET_MATCH_ANY) = 0");
}

TEST_CASE("prctl") {
  const auto named = [](std::string_view name) {
    return CallBuilder("prctl").arg(15).in(std::string(name) + '\0').ret(0).text();
  };
  CHECK(named("bio_close_file") == R"(prctl(PR_SET_NAME, "bio_close_file") = 0)");
  CHECK(named("jemalloc_bg_thd") == R"(prctl(PR_SET_NAME, "jemalloc_bg_thd"...) = 0)");
  CHECK(named("my\nname_is_very_long") == R"(prctl(PR_SET_NAME, "my\nname_is_very"...) = 0)");
  CHECK(CallBuilder("prctl").arg(15).arg(8).ret(-EFAULT).text() ==
        "prctl(PR_SET_NAME, 0x8) = -1 EFAULT (Bad address)");
  CHECK(CallBuilder("prctl").arg(38).arg(1).arg(0).arg(0).arg(0).ret(0).text() ==
        "prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) = 0");
}

TEST_CASE("membarrier") {
  CHECK(CallBuilder("membarrier").arg(0).arg(0).arg(0).ret(0x203).text() ==
        "membarrier(MEMBARRIER_CMD_QUERY, 0) = 0x203 "
        "(MEMBARRIER_CMD_GLOBAL|MEMBARRIER_CMD_GLOBAL_EXPEDITED|0x200)");
  CHECK(CallBuilder("membarrier").arg(128).arg(1).arg(5).ret(-EPERM).text() ==
        "membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, MEMBARRIER_CMD_FLAG_CPU, 5) = -1 EPERM (Operation "
        "not "
        "permitted)");
}

}  // namespace sonde::decode

#include "sonde/process/confined.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/unique_fd.hpp"
#include "sonde/ptrace/wait.hpp"

namespace sonde::process {

namespace {

constexpr int failed = 1;

void limit(int resource, rlim_t most) {
  const rlimit bound{most, most};
  ::setrlimit(static_cast<__rlimit_resource_t>(resource), &bound);
}

// Bytes of address space that this process has.
std::size_t address_space() {
  std::size_t pages = 0;
  if (std::FILE* const file = std::fopen("/proc/self/statm", "re")) {
    if (std::fscanf(file, "%zu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

// What malloc, exceptions, the handler of SIGBUS and abort() need.
constexpr std::array allowed = {
#ifdef __SANITIZE_ADDRESS__
    // UndefinedBehaviorSanitizer finds out what can be read by writing it to a pipe.
    SYS_pipe2,          SYS_read,         SYS_close,
#endif
    SYS_write,          SYS_brk,          SYS_mmap,        SYS_munmap,    SYS_mremap, SYS_mprotect,
    SYS_madvise,        SYS_futex,        SYS_getpid,      SYS_gettid,    SYS_tgkill, SYS_rt_sigaction,
    SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_sigaltstack, SYS_getrandom, SYS_exit,   SYS_exit_group};

bool give_up_system_calls() {
  std::array<sock_filter, 4 + allowed.size() + 2> program{};
  std::size_t at = 0;
  const auto kill = static_cast<std::uint8_t>(allowed.size());
  program[at++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch));
  program[at++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
  program[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[at++] = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));
  for (std::size_t i = 0; i < allowed.size(); ++i) {
    const auto to_allow = static_cast<std::uint8_t>(kill - i);
    program[at++] = BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(allowed[i]), to_allow, 0);
  }
  program[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
  program[at++] = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  const sock_fprog filter{static_cast<unsigned short>(at), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

[[noreturn]] void be_the_child(const std::function<void(int)>& work, int output, const Confinement& bounds,
                               pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(failed);
  for (const int signal : {SIGSEGV, SIGABRT, SIGILL, SIGFPE}) ::signal(signal, SIG_DFL);
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere < 0 || ::dup2(nowhere, STDERR_FILENO) < 0) ::_exit(failed);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, bounds.seconds);
  limit(RLIMIT_AS, address_space() + bounds.memory_bytes);
  if (!give_up_system_calls()) ::_exit(failed);
  work(output);
  ::_exit(0);
}

Failure failure_of(int status, const Confinement& bounds) {
  if (!WIFSIGNALED(status)) return fail(ErrorCode::gone, "broke off");
  if (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGKILL)
    return fail(ErrorCode::limit, fmt::format("took longer than {} s of a processor", bounds.seconds));
  return fail(ErrorCode::gone, fmt::format("crashed ({})", ::strsignal(WTERMSIG(status))));
}

}  // namespace

Result<std::string> run_confined(const std::function<void(int)>& work, const Confinement& bounds) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) < 0) return fail_errno(errno, "cannot make a pipe");
  UniqueFd input(ends[0]);
  UniqueFd output(ends[1]);
  const pid_t self = ::getpid();
  const pid_t child = ::fork();
  if (child < 0) return fail_errno(errno, "cannot fork");
  if (child == 0) be_the_child(work, output.value(), bounds, self);
  output = UniqueFd();

  std::string answer;
  std::array<char, 1 << 16> chunk;
  bool too_long = false;
  while (!too_long) {
    const ssize_t n = ::read(input.value(), chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    answer.append(chunk.data(), static_cast<std::size_t>(n));
    too_long = answer.size() > bounds.answer_bytes;
  }
  if (too_long) ::kill(child, SIGKILL);
  const int status = ptrace::await_end(child);
  if (too_long) return fail(ErrorCode::limit, fmt::format("wrote more than {} bytes", bounds.answer_bytes));
  if (status != 0) return failure_of(status, bounds);
  return answer;
}

}  // namespace sonde::process

#include "sonde/ptrace/stop.hpp"

#include <csignal>
#include <functional>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include "sonde/ptrace/requests.hpp"
#include "sonde/ptrace/wait.hpp"

using namespace sonde::ptrace;

namespace {

// A child that runs `body` once it is let go; killed and reaped in the end.
class Child {
 public:
  explicit Child(const std::function<void()>& body) {
    REQUIRE(::pipe(go_) == 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(go_[1]);
      char c;
      if (::read(go_[0], &c, 1) == 1) body();
      ::_exit(0);
    }
    ::close(go_[0]);
  }
  ~Child() {
    ::close(go_[1]);
    ::kill(pid_, SIGKILL);
    for (;;) {
      auto outcome = wait_for(pid_, Block::yes);
      if (!std::holds_alternative<Stop>(outcome)) break;
    }
  }
  pid_t pid() const { return pid_; }
  void go() const { REQUIRE(::write(go_[1], "x", 1) == 1); }

 private:
  pid_t pid_ = 0;
  int go_[2]{};
};

Stop next_stop(pid_t pid) {
  auto outcome = wait_for(pid, Block::yes);
  REQUIRE(std::holds_alternative<Stop>(outcome));
  return std::move(std::get<Stop>(outcome));
}

// Seizes the child and runs it to the first stop of that kind and call.
Stop stopped(const Child& child) {
  REQUIRE(seize(child.pid(), {}));
  REQUIRE(interrupt(child.pid()));
  Stop stop = next_stop(child.pid());
  CHECK(stop.kind() == StopKind::trap);
  return stop;
}

// Waits until the tracee has something to report, and leaves it to be reported.
void await_report(pid_t pid) {
  siginfo_t info;
  REQUIRE(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WSTOPPED | WNOWAIT | __WALL) == 0);
}

int end_of(pid_t pid) {
  for (;;) {
    auto outcome = wait_for(pid, Block::yes);
    if (const auto* ended = std::get_if<Ended>(&outcome)) return ended->status;
    if (auto* stop = std::get_if<Stop>(&outcome)) {
      const int signal = stop->signal_in_hand();
      std::move(*stop).resume(Run::freely, signal);
    }
  }
}

}  // namespace

TEST_CASE("an entry and an exit are told with their registers") {
  const Child child([] { ::syscall(SYS_close, 9001); });
  Stop stop = stopped(child);
  child.go();
  for (;;) {
    REQUIRE(std::move(stop).resume(Run::to_syscall, 0));
    stop = next_stop(child.pid());
    REQUIRE(stop.kind() == StopKind::syscall);
    SyscallInfo info;
    REQUIRE(syscall_info(child.pid(), info));
    if (info.phase == SyscallInfo::Phase::entry && info.entry.nr == SYS_close && info.entry.args[0] == 9001) {
      CHECK(info.entry.abi == sonde::Abi::x86_64);
      CHECK(info.entry.instruction_pointer != 0);
      break;
    }
  }
  REQUIRE(std::move(stop).resume(Run::to_syscall, 0));
  stop = next_stop(child.pid());
  SyscallInfo info;
  REQUIRE(syscall_info(child.pid(), info));
  CHECK(info.phase == SyscallInfo::Phase::exit);
  CHECK(info.result.failed);
  CHECK(info.result.ret == -EBADF);
  CHECK(std::move(stop).resume(Run::freely, 0));
  CHECK(end_of(child.pid()) == 0);
}

TEST_CASE("all registers of a task, at a call of its own") {
  const Child child([] {
    // Registers that nothing on the way to the call would set so.
    long nr = SYS_close;
    asm volatile("push %%rbx; push %%rbp; mov $0xb0, %%ebx; mov $0xb1, %%ebp; syscall; pop %%rbp; pop %%rbx"
                 : "+a"(nr)
                 : "D"(9001L), "S"(0x51L), "d"(0x52L)
                 : "rcx", "r11", "memory");
  });
  Stop stop = stopped(child);
  child.go();
  for (;;) {
    REQUIRE(std::move(stop).resume(Run::to_syscall, 0));
    stop = next_stop(child.pid());
    const auto found = registers(child.pid());
    REQUIRE(found);
    using sonde::arch::Register;
    if (found->orig_rax != SYS_close || (*found)[Register::rdi] != 9001) continue;
    CHECK((*found)[Register::rsi] == 0x51);
    CHECK((*found)[Register::rdx] == 0x52);
    CHECK((*found)[Register::rbx] == 0xb0);
    CHECK((*found)[Register::rbp] == 0xb1);
    CHECK((*found)[Register::rcx] ==
          found->pc().value);  // The processor's own doing, at a syscall instruction.
    CHECK(found->sp().value != 0);
    CHECK(found->is_64_bit());
    CHECK(found->fs_base != 0);
    break;
  }
  CHECK(std::move(stop).resume(Run::freely, 0));
  CHECK(end_of(child.pid()) == 0);
}

TEST_CASE("one instruction at a time") {
  const Child child([] {
    asm volatile("nop; nop; nop; nop; nop; nop; nop; nop; syscall" : : "a"(SYS_getppid) : "rcx", "r11");
  });
  Stop stop = stopped(child);
  child.go();
  int alone = 0;
  std::uint64_t last = 0;
  while (alone < 8) {
    const auto before = registers(child.pid());
    REQUIRE(before);
    REQUIRE(std::move(stop).resume(Run::one_instruction, 0));
    stop = next_stop(child.pid());
    CHECK(stop.kind() == StopKind::signal);
    CHECK(stop.signal() == SIGTRAP);
    // Eight nops in a row are nowhere but here.
    const std::uint64_t now = registers(child.pid())->pc().value;
    alone = now == before->pc().value + 1 && (alone == 0 || before->pc().value == last) ? alone + 1 : 0;
    last = now;
  }
  CHECK(std::move(stop).resume(Run::freely, 0));
  CHECK(end_of(child.pid()) == 0);
}

TEST_CASE("a stop that is dropped lets its task go, with its signal") {
  const Child child([] { ::raise(SIGUSR2); });
  {
    Stop stop = stopped(child);
    child.go();
    REQUIRE(std::move(stop).resume(Run::freely, 0));
    Stop signal = next_stop(child.pid());
    CHECK(signal.kind() == StopKind::signal);
    CHECK(signal.signal() == SIGUSR2);
    CHECK(signal.signal_in_hand() == SIGUSR2);
    CHECK(signal_info(child.pid())->si_code == SI_TKILL);
  }
  CHECK(end_of(child.pid()) == SIGUSR2);
}

TEST_CASE("a signal that is not passed on is not delivered") {
  const Child child([] { ::raise(SIGUSR2); });
  Stop stop = stopped(child);
  child.go();
  REQUIRE(std::move(stop).resume(Run::freely, 0));
  stop = next_stop(child.pid());
  REQUIRE(stop.kind() == StopKind::signal);
  CHECK(std::move(stop).detach(0));
  CHECK(end_of(child.pid()) == 0);
}

TEST_CASE("SIGKILL ends a stop, and answering it is no error of ours") {
  const Child child([] {});
  Stop stop = stopped(child);
  ::kill(child.pid(), SIGKILL);
  const int status = end_of(child.pid());
  CHECK(status == SIGKILL);
  CHECK_FALSE(std::move(stop).resume(Run::to_syscall, 0));
  CHECK_FALSE(interrupt(child.pid()));
  SyscallInfo info;
  CHECK_FALSE(syscall_info(child.pid(), info));
  CHECK_FALSE(signal_info(child.pid()));
  CHECK_FALSE(event_message(child.pid()));
  CHECK_FALSE(registers(child.pid()));
}

TEST_CASE("a group-stop is told from a signal, and listening keeps the job stopped") {
  const Child child([] {});
  Stop stop = stopped(child);
  ::kill(child.pid(), SIGSTOP);
  REQUIRE(std::move(stop).resume(Run::freely, 0));
  stop = next_stop(child.pid());
  CHECK(stop.kind() == StopKind::signal);
  REQUIRE(std::move(stop).resume(Run::freely, SIGSTOP));
  stop = next_stop(child.pid());
  CHECK(stop.kind() == StopKind::group_stop);
  CHECK(stop.signal() == SIGSTOP);
  CHECK(stop.signal_in_hand() == 0);
  REQUIRE(std::move(stop).listen());
  CHECK(std::holds_alternative<Nothing>(wait_for(child.pid(), Block::no)));
  ::kill(child.pid(), SIGCONT);
  stop = next_stop(child.pid());
  CHECK(stop.kind() == StopKind::trap);
  child.go();
  CHECK(std::move(stop).resume(Run::freely, 0));
  CHECK(end_of(child.pid()) == 0);
}

TEST_CASE("signals that wait are seen unless they are blocked") {
  const Child child([] {});
  Stop stop = stopped(child);
  CHECK_FALSE(signal_waits(child.pid()));
  ::kill(child.pid(), SIGUSR1);
  CHECK(signal_waits(child.pid()));
  std::move(stop).resume(Run::freely, 0);
  CHECK(end_of(child.pid()) == SIGUSR1);

  const Child deaf([] {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
    ::syscall(SYS_close, 9001);
  });
  Stop blocked = stopped(deaf);
  deaf.go();
  for (SyscallInfo info{}; info.phase != SyscallInfo::Phase::entry || info.entry.args[0] != 9001;) {
    REQUIRE(std::move(blocked).resume(Run::to_syscall, 0));
    blocked = next_stop(deaf.pid());
    REQUIRE(syscall_info(deaf.pid(), info));
  }
  ::kill(deaf.pid(), SIGUSR1);
  CHECK_FALSE(signal_waits(deaf.pid()));
}

TEST_CASE("what does not exist cannot be seized") {
  const auto refused = seize(0x3fffffff, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == sonde::ErrorCode::gone);
  CHECK(std::holds_alternative<NoTracees>(wait_for_any(Block::no)));
}

TEST_CASE("what tracees report while others are seized is kept") {
  const Child killed([] {});
  const Child stopped([] {});
  const Child last([] {});
  Seizing seizing({});
  REQUIRE(seizing.seize(killed.pid()));
  REQUIRE(seizing.seize(stopped.pid()));
  CHECK(!seizing.next_report());
  REQUIRE(interrupt(stopped.pid()));
  await_report(stopped.pid());
  REQUIRE(::kill(killed.pid(), SIGKILL) == 0);
  await_report(killed.pid());
  REQUIRE(seizing.seize(last.pid()));

  bool end_seen = false;
  bool stop_seen = false;
  while (auto report = seizing.next_report()) {
    if (const auto* ended = std::get_if<Ended>(&*report)) {
      CHECK(ended->tid == killed.pid());
      CHECK(WTERMSIG(ended->status) == SIGKILL);
      end_seen = true;
    } else {
      auto& stop = std::get<Stop>(*report);
      CHECK(stop.tid() == stopped.pid());
      CHECK(stop.kind() == StopKind::trap);
      CHECK(std::move(stop).resume(Run::freely, 0));
      stop_seen = true;
    }
  }
  CHECK(end_seen);
  CHECK(stop_seen);
}

TEST_CASE("a stop that was kept is not told once its task has ended") {
  const Child child([] {});
  const Child last([] {});
  Seizing seizing({});
  REQUIRE(seizing.seize(child.pid()));
  REQUIRE(interrupt(child.pid()));
  await_report(child.pid());
  REQUIRE(seizing.seize(last.pid()));
  REQUIRE(::kill(child.pid(), SIGKILL) == 0);
  await_report(child.pid());
  const auto report = seizing.next_report();
  REQUIRE(report);
  REQUIRE(std::holds_alternative<Ended>(*report));
  CHECK(std::get<Ended>(*report).tid == child.pid());
  CHECK(!seizing.next_report());
}

TEST_CASE("the event that a task stands at is known before its stop was waited for") {
  const Child child([] {
    const pid_t made = ::fork();
    if (made == 0) ::_exit(0);
    ::waitpid(made, nullptr, 0);
  });
  Stop first = stopped(child);
  CHECK_FALSE(event_in_hand(child.pid()));
  std::move(first).resume(Run::freely, 0);
  CHECK_FALSE(event_in_hand(child.pid()));  // It runs, or sleeps.
  child.go();
  await_report(child.pid());
  CHECK(event_in_hand(child.pid()) == StopKind::fork);
  const auto made = event_message(child.pid());
  REQUIRE(made);
  Stop fork = next_stop(child.pid());
  CHECK(fork.kind() == StopKind::fork);
  CHECK(event_message(child.pid()) == made);
  std::move(next_stop(static_cast<pid_t>(*made))).resume(Run::freely, 0);
  std::move(fork).resume(Run::freely, 0);
  CHECK(end_of(static_cast<pid_t>(*made)) == 0);
  CHECK(end_of(child.pid()) == 0);
}

TEST_CASE("of several tasks all that stop or end in time are told") {
  const Child stops([] { ::pause(); });
  const Child ends([] { ::_exit(3); });
  const Child silent([] { ::pause(); });
  for (const Child* child : {&stops, &ends, &silent}) REQUIRE(seize(child->pid(), {}));
  ends.go();
  REQUIRE(interrupt(stops.pid()));
  CHECK(wait_for_all({}, 1'000'000'000).empty());
  auto outcomes = wait_for_all({stops.pid(), ends.pid()}, 60'000'000'000);
  REQUIRE(outcomes.size() == 2);
  for (auto& outcome : outcomes) {
    if (auto* stop = std::get_if<Stop>(&outcome)) {
      CHECK(stop->tid() == stops.pid());
      std::move(*stop).resume(Run::freely, 0);
    } else {
      CHECK(std::get<Ended>(outcome).tid == ends.pid());
    }
  }
  CHECK(wait_for_all({silent.pid()}, 1'000'000).empty());
}

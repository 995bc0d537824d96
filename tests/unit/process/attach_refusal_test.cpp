#include "sonde/process/attach_refusal.hpp"

#include <sys/wait.h>

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <functional>

#include <fmt/format.h>

#include "fake_proc.hpp"

using sonde::process::check_attachable;
using sonde::process::explain_refusal;

namespace {

constexpr uid_t nobody = 65534;

// The text that `say` gives to a process of an ordinary user: what is refused depends on who asks.
std::string as_user(const std::function<std::string()>& say) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && ::setuid(nobody) != 0) ::_exit(1);
    const std::string text = say();
    [[maybe_unused]] const ssize_t n = ::write(ends[1], text.data(), text.size());
    ::_exit(0);
  }
  ::close(ends[1]);
  std::string text;
  std::array<char, 512> chunk;
  for (ssize_t n; (n = ::read(ends[0], chunk.data(), chunk.size())) > 0;) {
    text.append(chunk.data(), static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  return text;
}

uid_t user() { return ::getuid() == 0 ? nobody : ::getuid(); }

// A /proc with process 42, of the user who asks, and of nobody's interest otherwise.
struct Scene : FakeProc {
  explicit Scene(uid_t uid = user(), pid_t tracer = 0) {
    write("42/status", fmt::format("State:\tS (sleeping)\nTgid:\t42\nPPid:\t1\nTracerPid:\t{1}\nUid:\t{0}\t{0}\t{0}\t{0}\n",
                                   uid, tracer));
    write("42/stat", "42 (it) S 1 1 1 0 -1 4194304 0\n");
    write("self/status", "CapEff:\t0000000000000000\n");
    if (::getuid() == 0 && ::chown((root() + "/42/status").c_str(), uid, uid) != 0) std::abort();
  }
  std::string refusal(int errno_value = EPERM) const {
    return as_user([&] { return explain_refusal(fs(), 42, errno_value).message(); });
  }
};

}  // namespace

TEST_CASE("Yama's scopes are told by their values, with what would mend each") {
  const Scene scene;
  scene.write("sys/kernel/yama/ptrace_scope", "1\n");
  CHECK(scene.refusal().find("ptrace_scope is 1") != std::string::npos);
  CHECK(scene.refusal().find("sonde run") != std::string::npos);
  scene.write("sys/kernel/yama/ptrace_scope", "2\n");
  CHECK(scene.refusal().find("ptrace_scope is 2") != std::string::npos);
  CHECK(scene.refusal().find("sudo") != std::string::npos);
  scene.write("sys/kernel/yama/ptrace_scope", "3\n");
  CHECK(scene.refusal().find("ptrace_scope is 3") != std::string::npos);
  CHECK(scene.refusal().find("reboot") != std::string::npos);
}

TEST_CASE("Yama that allows everything is not to blame") {
  const Scene scene;
  scene.write("sys/kernel/yama/ptrace_scope", "0\n");
  CHECK(scene.refusal().find("Yama") == std::string::npos);
}

TEST_CASE("another user's process is named as such before Yama is") {
  const Scene scene(user() + 1);
  scene.write("sys/kernel/yama/ptrace_scope", "1\n");
  const std::string text = scene.refusal();
  CHECK(text.find("belongs to") != std::string::npos);
  CHECK(text.find("sudo sonde attach 42") != std::string::npos);
}

TEST_CASE("who traces it already comes first, and its name cannot hurt a terminal") {
  const Scene scene(user(), 77);
  scene.write("77/comm", "evil\x1b[31m\n");
  scene.write("sys/kernel/yama/ptrace_scope", "1\n");
  const std::string text = scene.refusal();
  CHECK(text.find("traced already, by evil?[31m (pid 77)") != std::string::npos);
}

TEST_CASE("a process that ended meanwhile is gone, not forbidden") {
  const FakeProc proc;
  CHECK(explain_refusal(proc.fs(), 42, EPERM).code == sonde::ErrorCode::gone);
  const Scene scene;
  CHECK(explain_refusal(scene.fs(), 42, ESRCH).code == sonde::ErrorCode::gone);
}

TEST_CASE("what can be known before the attempt") {
  const FakeProc proc;
  const std::array<pid_t, 2> own{10, 11};
  const auto text = [&](pid_t pid) {
    const auto checked = check_attachable(proc.fs(), pid, own);
    return checked ? std::string() : checked.error().message();
  };
  CHECK(text(42).find("no such process") != std::string::npos);
  proc.write("42/status", "State:\tS (sleeping)\nTgid:\t42\nPPid:\t1\n");
  CHECK(text(42).empty());
  proc.write("42/stat", "42 (it) S 0 0 0 0 -1 2129984 0\n");
  CHECK(text(42).find("kernel thread") != std::string::npos);
  proc.write("43/status", "State:\tZ (zombie)\nTgid:\t43\nPPid:\t5\n");
  CHECK(text(43).find("ended already") != std::string::npos);
  CHECK(text(43).find("parent 5") != std::string::npos);
  proc.write("43/task/43/x", "");
  proc.write("43/task/44/x", "");
  proc.write("44/status", "State:\tS (sleeping)\nTgid:\t43\nPPid:\t5\n");
  CHECK_MESSAGE(text(43).empty(), "a leader that ended before its threads");
  proc.write("12/status", "State:\tS (sleeping)\nTgid:\t11\nPPid:\t10\n");
  CHECK_MESSAGE(text(12).find("sonde itself") != std::string::npos, "a thread of a process of sonde's");
}

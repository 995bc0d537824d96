#include "sonde/process/proc_fs.hpp"

#include <random>
#include <utility>

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "fake_proc.hpp"

namespace {

constexpr std::string_view ordinary =
    "Name:\tbash\nUmask:\t0022\nState:\tS "
    "(sleeping)\nTgid:\t40\nNgid:\t0\nPid:\t42\nPPid:\t7\nTracerPid:\t99\n"
    "NSpid:\t42\t5\nUid:\t1000\t1001\t1002\t1003\nGid:\t0\t0\t0\t0\nSigIgn:\t0000000000001000\nSigCgt:"
    "\t8000000000000001\n";

}  // namespace

TEST_CASE("a status is read by its keys") {
  const FakeProc proc;
  proc.write("42/status", ordinary);
  const auto status = proc.fs().status(42);
  REQUIRE(status);
  CHECK(status->pid == 40);
  CHECK(status->parent_pid == 7);
  CHECK(status->tracer_pid == 99);
  CHECK(status->own_pid == 5);
  CHECK(status->uid == 1000);
  CHECK(status->effective_uid == 1001);
  CHECK(status->state == 'S');
  CHECK(status->ignored_signals == 0x1000);
  CHECK(status->caught_signals == 0x8000000000000001);
}

TEST_CASE("a task that is not there has no status") { CHECK_FALSE(FakeProc().fs().status(42)); }

TEST_CASE("a key inside a name is no key") {
  const FakeProc proc;
  // The kernel escapes newlines in names; a file that does not must still not lead a reader out of bounds.
  proc.write("42/status", "Name:\tTgid:\t1\nState:\tZ (zombie)\nTgid:\t42\nPPid:\nUid:\n");
  const auto status = proc.fs().status(42);
  REQUIRE(status);
  CHECK(status->pid == 42);
  CHECK(status->parent_pid == 0);
  CHECK(status->uid == 0);
  CHECK(status->state == 'Z');
}

TEST_CASE("whatever a status holds, reading it ends well") {
  const FakeProc proc;
  std::mt19937 random(1);
  for (int round = 0; round < 300; ++round) {
    std::string text(ordinary);
    for (int i = 0; i < 8; ++i) text[random() % text.size()] = static_cast<char>(random());
    text.resize(random() % text.size());
    proc.write("42/status", text);
    proc.write("42/stat", text);
    const auto fs = proc.fs();
    if (const auto status = fs.status(42)) CHECK(status->state != '\0');
    fs.is_kernel_thread(42);
  }
}

TEST_CASE("tasks are listed in order, and other entries are passed over") {
  const FakeProc proc;
  for (const char* name : {"300", "42", "1000", "x"}) proc.folder(std::string("42/task/") + name);
  CHECK(proc.fs().tasks(42) == std::vector<pid_t>{42, 300, 1000});
  CHECK(proc.fs().has_task(42, 300));
  CHECK_FALSE(proc.fs().has_task(42, 301));
  CHECK(proc.fs().tasks(43).empty());
}

TEST_CASE("a kernel thread is told by its flags, whatever its name") {
  const FakeProc proc;
  proc.write("2/stat", "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0\n");    // 0x208040, PF_KTHREAD among them.
  proc.write("3/stat", "3 (a) S 1 2 3) S 1 1 1 0 -1 4194304 0 0 0\n");  // A name that looks like fields.
  proc.write("4/stat", "4 (b) S 0 0 0 0 -1\n");
  proc.write("5/stat", "");
  CHECK(proc.fs().is_kernel_thread(2));
  CHECK_FALSE(proc.fs().is_kernel_thread(3));
  CHECK_FALSE(proc.fs().is_kernel_thread(4));
  CHECK_FALSE(proc.fs().is_kernel_thread(5));
  CHECK_FALSE(proc.fs().is_kernel_thread(6));
}

TEST_CASE("a status has the comm too, without its escapes") {
  const FakeProc proc;
  for (const auto& [written, comm] :
       {std::pair("a b ", "a b "), std::pair("two\\nlines", "two\nlines"),
        std::pair("back\\\\slash", "back\\slash"), std::pair("end\\", "end\\"), std::pair("", ""),
        std::pair("\\n23456789012345", "\n23456789012345")}) {
    CAPTURE(written);
    proc.write("42/status", fmt::format("Name:\t{}\nTgid:\t42\n", written));
    CHECK(proc.fs().status(42)->comm == comm);
  }
}

TEST_CASE("where a task sleeps") {
  const FakeProc proc;
  proc.write("42/syscall", "202 0x5555 0x189 0x0 0x0 0x0 0xffffffff 0x7ffdecf50 0x7ff627ea3f16\n");
  proc.write("43/syscall", "-1 0x7ffdecf50 0x7ff627ea3f16\n");
  proc.write("44/syscall", "running\n");
  CHECK(proc.fs().sleeps_at(42).value == 0x7ff627ea3f16);
  CHECK(proc.fs().sleeps_at(43).value == 0x7ff627ea3f16);
  CHECK(proc.fs().sleeps_at(44).value == 0);
  CHECK(proc.fs().sleeps_at(45).value == 0);
}

TEST_CASE("a comm has at most 15 bytes") {
  const FakeProc proc;
  proc.write("42/comm", "ordinary\n");
  proc.write("43/comm", "longer-than-any-kernel-would-have-it\n");
  CHECK(proc.fs().comm(42) == "ordinary");
  CHECK(proc.fs().comm(43) == "longer-than-any");
  CHECK(proc.fs().comm(44).empty());
}

TEST_CASE("a kernel without Yama has no scope") {
  const FakeProc proc;
  CHECK_FALSE(proc.fs().yama_scope());
  proc.write("sys/kernel/yama/ptrace_scope", "1\n");
  CHECK(proc.fs().yama_scope() == 1);
}

TEST_CASE("capabilities are read as bits") {
  const FakeProc proc;
  CHECK(proc.fs().own_capabilities() == 0);
  proc.write("self/status", "CapInh:\t0000000000000000\nCapEff:\t000001ffffffffff\n");
  CHECK(proc.fs().own_capabilities() == 0x1ffffffffff);
}

TEST_CASE("the real /proc tells of this process") {
  const sonde::process::ProcFs proc;
  const auto status = proc.status(::getpid());
  REQUIRE(status);
  CHECK(status->pid == ::getpid());
  CHECK(status->parent_pid == ::getppid());
  CHECK(status->uid == ::getuid());
  CHECK(status->state == 'R');
  CHECK(proc.has_task(::getpid(), ::getpid()));
  CHECK_FALSE(proc.is_kernel_thread(::getpid()));
  CHECK(proc.exe(::getpid()).find("unit_process") != std::string::npos);
}

#include "sonde/process/memory_use.hpp"

#include <cstdlib>
#include <cstring>
#include <memory>
#include <unistd.h>

#include <doctest/doctest.h>

#include "unit/process/fake_proc.hpp"

using sonde::process::memory_use;

TEST_CASE("what a process has, by statm and maps") {
  const FakeProc proc;
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  proc.write("7/statm", "2000 100 30 5 0 900 0\n");
  proc.write("7/maps",
             "00400000-00401000 r-xp 00000000 08:01 42 /bin/program\n"
             "00601000-00603000 rw-p 00001000 08:01 42 /bin/program\n"
             "01000000-01021000 rw-p 00000000 00:00 0 [heap]\n"
             "7f0000000000-7f0000001000 ---p 00000000 00:00 0 \n"
             "7f0000001000-7f0000900000 rw-p 00000000 00:00 0 \n"  // A stack, and what is above it.
             "7f0001000000-7f0001010000 rw-p 00000000 00:00 0 \n"  // A pool.
             "7f0001010000-7f0005000000 ---p 00000000 00:00 0 \n"  // What it has reserved.
             "7f0005000000-7f0005001000 rw-p 00000000 00:00 0 [anon:pool]\n"
             "7f0006000000-7f0006010000 rw-s 00000000 00:01 9 /dev/zero (deleted)\n"
             "7f0007000000-7f0007010000 r--p 00000000 00:00 0 \n"
             "7ffd00000000-7ffd00021000 rw-p 00000000 00:00 0 [stack]\n");
  const auto use = memory_use(proc.fs(), 7);
  REQUIRE(use);
  CHECK(use->resident == 100 * page);
  CHECK(use->anonymous == 70 * page);
  CHECK(use->brk == 0x21000);
  CHECK(use->mapped == (0x8ff000 - (8 << 20)) + 0x10000 + 0x1000);
}

TEST_CASE("a process that is gone, or about to be, has nothing") {
  const FakeProc proc;
  CHECK_FALSE(memory_use(proc.fs(), 7));
  proc.write("7/statm", "0 0 0 0 0 0 0\n");  // A zombie.
  proc.write("7/maps", "");
  CHECK_FALSE(memory_use(proc.fs(), 7));
  proc.write("7/statm", "10 5 7 0 0 0 0\n");
  CHECK_FALSE(memory_use(proc.fs(), 7));
  proc.write("7/maps", "00400000-00401000 r-xp 00000000 08:01 42 /bin/program\n");
  REQUIRE(memory_use(proc.fs(), 7));
  CHECK(memory_use(proc.fs(), 7)->anonymous == 0);
  proc.write("7/maps", "00400000-00401000 r-xp 00000000 08:01 42 /bin/program\nnonsense\n");
  CHECK_FALSE(memory_use(proc.fs(), 7));
}

TEST_CASE("this process is seen to grow") {
  const sonde::process::ProcFs proc;
  const auto before = memory_use(proc, ::getpid());
  constexpr std::size_t size = 64 << 20;
  const std::unique_ptr<char, void (*)(void*)> block(static_cast<char*>(std::malloc(size)), std::free);
  std::memset(block.get(), 1, size);
  const auto after = memory_use(proc, ::getpid());
  REQUIRE(before);
  REQUIRE(after);
  CHECK(after->resident >= before->resident + size / 2);
  CHECK(after->anonymous >= before->anonymous + size / 2);
  CHECK(after->mapped + after->brk >= before->mapped + before->brk + size);
}

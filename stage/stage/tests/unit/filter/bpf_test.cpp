#include "sonde/filter/bpf.hpp"

#include <cstddef>
#include <vector>

#include <doctest/doctest.h>

using namespace sonde::filter;

namespace {

constexpr sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
constexpr sock_filter trace = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE);

sock_filter load(std::uint32_t offset) { return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset); }
sock_filter jump(unsigned op, std::uint32_t k, std::uint8_t yes, std::uint8_t no) {
  return BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | op | BPF_K), k, yes, no);
}

bool accepted(const std::vector<sock_filter>& program) { return bpf::check(program).has_value(); }

}  // namespace

TEST_CASE("every instruction does what the kernel's does") {
  const seccomp_data data{5, 7, 0x1122334455667788, {0xaabbccdd00000001, 2, 3, 4, 5, 6}};
  const auto taken = [&](std::uint32_t offset, unsigned op, std::uint32_t k) {
    return bpf::run(std::vector{load(offset), jump(op, k, 0, 1), trace, allow}, data) == SECCOMP_RET_TRACE;
  };
  CHECK(taken(0, BPF_JEQ, 5));
  CHECK_FALSE(taken(0, BPF_JEQ, 6));
  CHECK(taken(4, BPF_JGE, 7));
  CHECK_FALSE(taken(4, BPF_JGT, 7));
  CHECK(taken(8, BPF_JEQ, 0x55667788));
  CHECK(taken(12, BPF_JEQ, 0x11223344));
  CHECK(taken(16, BPF_JEQ, 1));
  CHECK(taken(20, BPF_JSET, 0x80000000));
  CHECK_FALSE(taken(20, BPF_JSET, 0x00000002));
  CHECK(bpf::run(std::vector{load(20), sock_filter(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff)),
                             jump(BPF_JEQ, 0xdd, 0, 1), trace, allow},
                 data) == SECCOMP_RET_TRACE);
  CHECK(bpf::run(std::vector{sock_filter(BPF_STMT(BPF_JMP | BPF_JA, 1)), trace, allow}, data) ==
        SECCOMP_RET_ALLOW);
}

TEST_CASE("what the kernel refuses is refused, and running it is harmless") {
  CHECK(accepted({allow}));
  const std::vector<std::vector<sock_filter>> bad = {
      {},
      {load(0)},                        // No return at the end.
      {load(2), allow},                 // Not aligned.
      {load(64), allow},                // Beyond seccomp_data.
      {jump(BPF_JEQ, 0, 1, 0), allow},  // Out of the program.
      {jump(BPF_JEQ, 0, 0, 255), allow},
      {BPF_STMT(BPF_JMP | BPF_JA, 1), allow},
      {BPF_STMT(BPF_JMP | BPF_JA, 0xffffffff), allow},
      {BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 0), allow},  // A byte.
      {{0xffff, 0, 0, 0}, allow},
      std::vector<sock_filter>(bpf::max_instructions + 1, allow),
  };
  for (const auto& program : bad) {
    CHECK_FALSE(accepted(program));
    const std::uint32_t action = bpf::run(program, {});
    CHECK((action == SECCOMP_RET_KILL_PROCESS || action == SECCOMP_RET_ALLOW));
  }
  CHECK(accepted(std::vector<sock_filter>(bpf::max_instructions, allow)));
}

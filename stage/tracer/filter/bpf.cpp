#include "sonde/filter/bpf.hpp"

#include <cstring>

#include <fmt/format.h>

namespace sonde::filter::bpf {

namespace {

enum class Problem { none, instruction, load, jump };

Problem problem_of(const sock_filter& i, std::size_t left) {
  switch (i.code) {
    case BPF_LD | BPF_W | BPF_ABS:
      return i.k % 4 != 0 || i.k >= sizeof(seccomp_data) ? Problem::load : Problem::none;
    case BPF_ALU | BPF_AND | BPF_K:
    case BPF_RET | BPF_K:
      return Problem::none;
    case BPF_JMP | BPF_JA:
      return i.k < left ? Problem::none : Problem::jump;
    case BPF_JMP | BPF_JEQ | BPF_K:
    case BPF_JMP | BPF_JGT | BPF_K:
    case BPF_JMP | BPF_JGE | BPF_K:
    case BPF_JMP | BPF_JSET | BPF_K:
      return i.jt < left && i.jf < left ? Problem::none : Problem::jump;
    default:
      return Problem::instruction;
  }
}

bool holds(const sock_filter& jump, std::uint32_t a) {
  switch (BPF_OP(jump.code)) {
    case BPF_JEQ:
      return a == jump.k;
    case BPF_JGT:
      return a > jump.k;
    case BPF_JGE:
      return a >= jump.k;
    default:
      return (a & jump.k) != 0;
  }
}

}  // namespace

Result<void> check(std::span<const sock_filter> program) {
  if (program.empty() || program.size() > max_instructions) {
    return fail(ErrorCode::limit, fmt::format("a BPF program of {} instructions", program.size()));
  }
  for (std::size_t at = 0; at < program.size(); ++at) {
    switch (problem_of(program[at], program.size() - at - 1)) {
      case Problem::none:
        break;
      case Problem::instruction:
        return fail(ErrorCode::invalid,
                    fmt::format("BPF instruction {}: unknown code {:#x}", at, program[at].code));
      case Problem::load:
        return fail(ErrorCode::invalid, fmt::format("BPF instruction {}: loads from {}", at, program[at].k));
      case Problem::jump:
        return fail(ErrorCode::invalid, fmt::format("BPF instruction {}: jumps out", at));
    }
  }
  if (program.back().code != (BPF_RET | BPF_K))
    return fail(ErrorCode::invalid, "a BPF program without a last return");
  return {};
}

std::uint32_t run(std::span<const sock_filter> program, const seccomp_data& data) {
  std::uint32_t a = 0;
  for (std::size_t at = 0; at < program.size(); ++at) {
    const sock_filter& i = program[at];
    if (problem_of(i, program.size() - at - 1) != Problem::none) break;
    if (i.code == (BPF_RET | BPF_K)) return i.k;
    if (i.code == (BPF_LD | BPF_W | BPF_ABS)) {
      std::memcpy(&a, reinterpret_cast<const char*>(&data) + i.k, sizeof a);
    } else if (i.code == (BPF_ALU | BPF_AND | BPF_K)) {
      a &= i.k;
    } else if (i.code == (BPF_JMP | BPF_JA)) {
      at += i.k;
    } else {
      at += holds(i, a) ? i.jt : i.jf;
    }
  }
  return SECCOMP_RET_KILL_PROCESS;
}

}  // namespace sonde::filter::bpf

// Classic BPF as seccomp runs it: a checker and an interpreter for the instructions that the pushdown emits.
//
// Those are: load a 32-bit word of seccomp_data, AND with a constant, jump always or on == > >= or any bit of
// a constant, return a constant. The kernel takes more (scratch memory, X, arithmetic); check() refuses that.
#pragma once

#include <cstdint>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <span>

#include "sonde/base/result.hpp"

namespace sonde::filter::bpf {

// The kernel's limit on a program (BPF_MAXINSNS).
inline constexpr std::size_t max_instructions = 4096;

// What the kernel's bpf_check_classic() and seccomp_check_filter() demand: 1 to 4,096 instructions, all
// known, jumps forward inside the program, loads aligned and inside seccomp_data, a return at the end.
Result<void> check(std::span<const sock_filter> program);

// The action (SECCOMP_RET_*) that the program returns for a call. Jumps only go forward, so it ends after at
// most program.size() steps, whatever the program; on an instruction that check() refuses it returns
// SECCOMP_RET_KILL_PROCESS, as the kernel answers a broken filter.
std::uint32_t run(std::span<const sock_filter> program, const seccomp_data& data);

}  // namespace sonde::filter::bpf

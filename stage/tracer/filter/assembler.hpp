// Writes a BPF program from its end to its start, since jumps only go forward: whoever is jumped to is
// already there.
#pragma once

#include <cstdint>
#include <linux/filter.h>
#include <span>
#include <utility>
#include <vector>

#include "condition.hpp"

namespace sonde::filter {

class Assembler {
 public:
  // An instruction's distance from the program's end.
  using Label = std::size_t;

  // Returns to the caller of the filter with that action.
  Label ret(std::uint32_t action);
  // Loads the word at `offset` of seccomp_data, then goes on at `next`.
  Label load(std::size_t offset, Label next);
  // ANDs, then goes on at `next`.
  Label mask(std::uint32_t bits, Label next);
  // Compares (BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET) and goes on at `yes` or `no`.
  Label branch(unsigned comparison, std::uint32_t constant, Label yes, Label no);
  // Tests a call's registers.
  Label test(const Condition& condition, Label yes, Label no);
  // Whichever interval holds the accumulator: `starts` ascends from 0, its labels are of the intervals that
  // begin there.
  Label search(std::span<const std::pair<std::uint32_t, Label>> starts);

  std::size_t size() const { return reversed_.size(); }
  // The program, in running order.
  std::vector<sock_filter> finish() &&;

 private:
  Label emit(unsigned code, std::uint32_t k, std::size_t jt = 0, std::size_t jf = 0);
  void fall_through_to(Label next);
  Label near(Label target);
  Label intervals(const Condition& c, std::size_t first, std::size_t last, Label yes, Label no);
  Label equal(const Condition& c, std::uint64_t value, Label yes, Label no);
  Label at_least(const Condition& c, std::uint64_t bound, Label yes, Label no);
  Label bits(const Condition& c, Label yes, Label no);

  std::vector<sock_filter> reversed_;
};

}  // namespace sonde::filter

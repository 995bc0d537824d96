#include "assembler.hpp"

#include <cstddef>
#include <limits>
#include <linux/seccomp.h>

namespace sonde::filter {

namespace {

// A conditional jump's reach.
constexpr std::size_t reach = std::numeric_limits<std::uint8_t>::max();

// Little endian: the low word comes first.
std::size_t low_word(const Condition& c) { return offsetof(seccomp_data, args) + 8 * std::size_t{c.reg}; }
std::size_t high_word(const Condition& c) { return low_word(c) + 4; }
std::uint32_t low(std::uint64_t value) { return static_cast<std::uint32_t>(value); }
std::uint32_t high(std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); }

std::uint64_t largest(const Condition& c) {
  return c.width == 64 ? ~std::uint64_t{0} : std::numeric_limits<std::uint32_t>::max();
}

}  // namespace

Assembler::Label Assembler::emit(unsigned code, std::uint32_t k, std::size_t jt, std::size_t jf) {
  reversed_.push_back(
      {static_cast<std::uint16_t>(code), static_cast<std::uint8_t>(jt), static_cast<std::uint8_t>(jf), k});
  return reversed_.size() - 1;
}

void Assembler::fall_through_to(Label next) {
  if (next + 1 != reversed_.size()) emit(BPF_JMP | BPF_JA, low(reversed_.size() - 1 - next));
}

// A label that a conditional jump written after at most one more instruction reaches: the target itself, or a
// trampoline to it. A return is copied, rather than jumped to.
Assembler::Label Assembler::near(Label target) {
  if (reversed_.size() - target <= reach) return target;
  const sock_filter there = reversed_[target];
  if (there.code == (BPF_RET | BPF_K)) return emit(there.code, there.k);
  return emit(BPF_JMP | BPF_JA, low(reversed_.size() - 1 - target));
}

Assembler::Label Assembler::ret(std::uint32_t action) { return emit(BPF_RET | BPF_K, action); }

Assembler::Label Assembler::load(std::size_t offset, Label next) {
  fall_through_to(next);
  return emit(BPF_LD | BPF_W | BPF_ABS, low(offset));
}

Assembler::Label Assembler::mask(std::uint32_t bits, Label next) {
  fall_through_to(next);
  return emit(BPF_ALU | BPF_AND | BPF_K, bits);
}

Assembler::Label Assembler::branch(unsigned comparison, std::uint32_t constant, Label yes, Label no) {
  if (yes == no) return yes;
  yes = near(yes);
  no = near(no);
  const std::size_t here = reversed_.size();
  return emit(BPF_JMP | comparison | BPF_K, constant, here - 1 - yes, here - 1 - no);
}

Assembler::Label Assembler::test(const Condition& c, Label yes, Label no) {
  if (c.negated) std::swap(yes, no);
  switch (c.op) {
    case Condition::Op::never:
      return no;
    case Condition::Op::always:
      return yes;
    case Condition::Op::bits:
      return bits(c, yes, no);
    case Condition::Op::intervals:
      return intervals(c, 0, c.intervals.size(), yes, no);
    case Condition::Op::any_of:
      for (std::size_t i = c.parts.size(); i-- > 0;) no = test(c.parts[i], yes, no);
      return no;
    case Condition::Op::all_of:
      for (std::size_t i = c.parts.size(); i-- > 0;) yes = test(c.parts[i], yes, no);
      return yes;
  }
  return yes;
}

Assembler::Label Assembler::intervals(const Condition& c, std::size_t first, std::size_t last, Label yes,
                                      Label no) {
  if (last - first > 1) {
    const std::size_t middle = first + (last - first) / 2;
    const Label above = intervals(c, middle, last, yes, no);
    const Label below = intervals(c, first, middle, yes, no);
    return at_least(c, c.intervals[middle].first, above, below);
  }
  const auto [begin, end] = c.intervals[first];
  if (begin == end) return equal(c, begin, yes, no);
  const Label inside = end == largest(c) ? yes : at_least(c, end + 1, no, yes);
  return begin == 0 ? inside : at_least(c, begin, inside, no);
}

Assembler::Label Assembler::equal(const Condition& c, std::uint64_t value, Label yes, Label no) {
  if (c.width == 64) yes = load(high_word(c), branch(BPF_JEQ, high(value), yes, no));
  return load(low_word(c), branch(BPF_JEQ, low(value), yes, no));
}

Assembler::Label Assembler::at_least(const Condition& c, std::uint64_t bound, Label yes, Label no) {
  if (yes == no) return yes;
  const Label lower = load(low_word(c), branch(BPF_JGE, low(bound), yes, no));
  if (c.width != 64) return lower;
  const Label same = branch(BPF_JEQ, high(bound), lower, no);
  return load(high_word(c), branch(BPF_JGT, high(bound), yes, same));
}

Assembler::Label Assembler::bits(const Condition& c, Label yes, Label no) {
  if (high(c.mask) != 0) {
    yes = load(high_word(c), mask(high(c.mask), branch(BPF_JEQ, high(c.value), yes, no)));
  }
  return load(low_word(c), mask(low(c.mask), branch(BPF_JEQ, low(c.value), yes, no)));
}

Assembler::Label Assembler::search(std::span<const std::pair<std::uint32_t, Label>> starts) {
  if (starts.size() == 1) return starts.front().second;
  const std::size_t middle = starts.size() / 2;
  const Label above = search(starts.subspan(middle));
  const Label below = search(starts.first(middle));
  return branch(BPF_JGE, starts[middle].first, above, below);
}

std::vector<sock_filter> Assembler::finish() && { return {reversed_.rbegin(), reversed_.rend()}; }

}  // namespace sonde::filter

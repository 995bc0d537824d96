// What was lost, by where it was allocated: memcheck's loss records, less what suppressions hide.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "sonde/leaks/blocks.hpp"
#include "sonde/leaks/scan.hpp"
#include "sonde/suppress/leak.hpp"
#include "sonde/suppress/suppression_set.hpp"

namespace sonde::leaks {

using suppress::Frame;

// The frames of a stack: innermost first, from the function that allocated on, inlined functions as frames of
// their own, as suppress::Leak wants them; empty where the stack is not known, as 0 never is. The views need
// be valid up to the next call alone. The texts are untrusted.
using StackFrames = std::function<std::span<const Frame>(std::uint32_t stack)>;

// The blocks of one class with one stack; where no stacks are known at all, of one class and size.
struct Record {
  static constexpr std::size_t examples = 4;

  LeakClass kind = LeakClass::definite;
  std::uint32_t stack = 0;
  std::uint64_t blocks = 0;
  std::uint64_t bytes = 0;
  // What is lost with definite ones alone: the indirect blocks that they lead. They are in records of their
  // own as well.
  std::uint64_t kept_blocks = 0;
  std::uint64_t kept_bytes = 0;
  std::array<Block, examples> first{};  // By address; as many as there are.
  std::uint64_t fingerprint = 0;        // 0 without a stack.
  bool known = false;                   // In the baseline.
  // By which entry it is hidden, as an index of SuppressionSet::suppressions().all().
  std::optional<std::size_t> suppression = std::nullopt;

  std::uint64_t all_blocks() const { return blocks + kept_blocks; }
  std::uint64_t all_bytes() const { return bytes + kept_bytes; }
};

struct Findings {
  // Those that are not hidden, and those that are: the largest by all_bytes() first, then by class and stack.
  std::vector<Record> records;
  std::vector<Record> suppressed;
  std::array<ClassTotal, leak_classes> totals{};  // Of the former.
  ClassTotal suppressed_total;

  const ClassTotal& total(LeakClass kind) const { return totals[static_cast<std::size_t>(kind)]; }
  // How many records of these classes there are; of new ones alone, how many of them are not in the baseline.
  std::size_t count(suppress::LeakKinds kinds, bool new_ones) const;
};

struct FindingsInput {
  const Outcome& outcome;
  const Blocks& blocks;
  std::span<const std::uint32_t> stacks;  // Of each block; 0, or a span that is too short: not known.
  const StackFrames& frames;
};

// Each record is asked of the suppressions once. With a definite record that is hidden the indirect blocks
// that it keeps are, as LeakSanitizer has it (to memcheck they are leaks of their own): they are in its
// entry's count, in suppressed_total, and in no record. `suppressions` may be null.
Findings find(const FindingsInput& input, suppress::SuppressionSet* suppressions);

// Tells the stacks of leaks apart from run to run: by the linkage names of their functions, without the
// versions of symbols, and the names of their modules' files, without folders, up to main. Addresses, lines
// and the class do not count, nor do inlined functions, which another optimisation would not have. 0 for no
// frames.
std::uint64_t fingerprint(std::span<const Frame> frames);

}  // namespace sonde::leaks

// Suppressions in use: which of them have hidden what.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "sonde/suppress/matcher.hpp"
#include "sonde/suppress/parser.hpp"

namespace sonde::suppress {

class SuppressionSet {
 public:
  // What an entry has hidden.
  struct Use {
    std::uint64_t matches = 0;  // Leaks: stacks, as valgrind's loss records.
    std::uint64_t blocks = 0;
    std::uint64_t bytes = 0;
  };

  explicit SuppressionSet(Suppressions suppressions);

  // The first entry that matches, by its index in suppressions().all(); it is counted for it.
  std::optional<std::size_t> apply(const Leak& leak, std::uint64_t blocks, std::uint64_t bytes);

  const Suppressions& suppressions() const { return suppressions_; }
  // By index.
  const std::vector<Use>& uses() const { return uses_; }
  // The entries about leaks that have matched nothing, ascending.
  std::vector<std::size_t> unused() const;

 private:
  Suppressions suppressions_;
  Matcher matcher_;
  std::vector<Use> uses_;
};

}  // namespace sonde::suppress

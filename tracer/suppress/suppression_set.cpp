#include "sonde/suppress/suppression_set.hpp"

#include <utility>

namespace sonde::suppress {

SuppressionSet::SuppressionSet(Suppressions suppressions)
    : suppressions_(std::move(suppressions)),
      matcher_(suppressions_.all()),
      uses_(suppressions_.all().size()) {}

std::optional<std::size_t> SuppressionSet::apply(const Leak& leak, std::uint64_t blocks,
                                                 std::uint64_t bytes) {
  const auto index = matcher_.first_match(leak);
  if (!index) return std::nullopt;
  Use& use = uses_[*index];
  ++use.matches;
  use.blocks += blocks;
  use.bytes += bytes;
  return index;
}

std::vector<std::size_t> SuppressionSet::unused() const {
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < uses_.size(); ++i)
    if (uses_[i].matches == 0 && suppressions_.all()[i].about_leaks) indices.push_back(i);
  return indices;
}

}  // namespace sonde::suppress

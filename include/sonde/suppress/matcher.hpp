// Which suppression a leak is hidden by, for thousands of suppressions and of stacks.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sonde/suppress/leak.hpp"
#include "sonde/suppress/suppression.hpp"

namespace sonde::suppress {

// The answers are those of matches() asked of one suppression after the other. Each distinct frame is
// compared with the patterns once and each distinct stack with the blocks once a kind; what is known of them
// takes suppression_cache_bytes at most, beyond which it is forgotten. Not for use by two threads at once.
class Matcher {
 public:
  // `suppressions` must neither move nor change while the matcher is used.
  explicit Matcher(const std::vector<Suppression>& suppressions);
  Matcher(Matcher&&) noexcept;
  Matcher& operator=(Matcher&&) noexcept;
  ~Matcher();

  // The index of the first suppression that matches. What LeakSanitizer or valgrind counts it for may be
  // another one of those that match: they ask in other orders.
  std::optional<std::size_t> first_match(const Leak& leak);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace sonde::suppress

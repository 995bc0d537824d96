// --sample and --max-rate: which calls of a call site are recorded.
#pragma once

#include <array>
#include <cstdint>

#include "sonde/base/types.hpp"
#include "sonde/record/options.hpp"

namespace sonde::record {

// A call site is an instruction and the number of the system call that it makes. Sites share a table of fixed
// size: two that collide are counted together, which leaves out at most as much as either limit says of both.
class SiteLimiter {
 public:
  explicit SiteLimiter(const Options& options) : sample_(options.sample), max_rate_(options.max_rate) {}

  bool active() const { return sample_ > 1 || max_rate_ != 0; }

  enum class Verdict { record, sampled_out, over_rate };
  // To be asked once a call, at its entry.
  Verdict ask(std::uint64_t instruction_pointer, std::uint32_t nr, Nanoseconds time);

 private:
  struct Site {
    std::uint64_t calls = 0;
    Nanoseconds second_began = 0;
    std::uint32_t in_second = 0;
  };
  std::uint32_t sample_;
  std::uint32_t max_rate_;
  std::array<Site, 4096> sites_{};
};

}  // namespace sonde::record

// sonde symbolize --verify: what sonde has told, held against libdwarf++.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/names/module.hpp"

namespace sonde::cli {

class Verification {
 public:
  // An address that was asked for.
  void add(std::uint64_t address) { addresses_.push_back(address); }

  // Compares what both readers say of all of them, tells each difference and how many there were on standard
  // error, and returns the exit status: 0 where they agree, 1 where they differ, 2 where nothing, or not all,
  // could be compared. `file` is for messages.
  int finish(names::Module& module, const std::string& file);

 private:
  std::vector<std::uint64_t> addresses_;
};

}  // namespace sonde::cli

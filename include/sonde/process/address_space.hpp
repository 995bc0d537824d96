// Where a process's code is: its executable mappings, each with the module that it was mapped from.
#pragma once

#include <cstdint>
#include <span>
#include <sys/types.h>
#include <vector>

#include "sonde/process/module_cache.hpp"
#include "sonde/unwind/walk.hpp"

namespace sonde::process {

class AddressSpace {
 public:
  // Reads /proc/PID/maps. The process may run; what it maps afterwards is not in here until the next time.
  // When it cannot be read (the process is gone, or not ours) all is left as it was, and false is returned.
  bool refresh(pid_t pid, ModuleCache& modules);

  // For unwind::walk(): ascending, disjoint. Valid until the next refresh().
  std::span<const unwind::Module> code() const { return code_; }

  // The module of an entry of code(); null where the code was mapped from no file.
  const Module* module(std::uint32_t index) const {
    return index < modules_.size() ? modules_[index] : nullptr;
  }

 private:
  std::vector<unwind::Module> code_;
  std::vector<const Module*> modules_;
};

}  // namespace sonde::process

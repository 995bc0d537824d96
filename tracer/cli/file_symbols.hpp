// Names from the files that modules were mapped from, their debug files, and JIT compilers' maps.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "sonde/cli/settings.hpp"
#include "sonde/names/module.hpp"
#include "sonde/names/perf_map.hpp"
#include "sonde/stacks/namer.hpp"

namespace sonde::cli {

class FileSymbols final : public stacks::Symbols {
 public:
  // Looks for debug files where --symbols-from and --debuginfod say. Complains where no server can be asked,
  // once.
  explicit FileSymbols(const Settings& settings);

  // From the file at the module's path, in the root of the process that had it mapped or, once that is gone,
  // in ours. A file with another build id is another file: then nothing is known.
  stacks::Functions in_module(const stacks::Module& module, std::uint64_t address) override;
  // Looks up the place in which the process's first thread sleeps, for sure a part of its stack: most often
  // in libc, whose debug information takes longer to open than all else. Nothing where there is no second
  // processor to do that on.
  void prepare(pid_t pid);
  // From /tmp/perf-PID.map, as it is when the process is first asked about.
  stacks::Functions in_memory(pid_t pid, std::uint64_t address) override;

 private:
  struct File {
    names::DebugFiles debug_files;
    std::optional<names::Module> module;
  };

  File* file_of(const stacks::Module& module);
  std::unique_ptr<File> open(const stacks::Module& module, const std::string& root) const;

  names::DebugFileOptions options_;
  std::map<std::tuple<std::string, std::vector<std::byte>>, std::unique_ptr<File>> files_;
  std::map<pid_t, names::PerfMap> perf_maps_;
};

}  // namespace sonde::cli

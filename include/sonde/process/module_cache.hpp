// The files that processes map code from, with what unwinding needs of each. Shared by all processes that are
// traced: a file is opened and its table built once.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <tuple>
#include <vector>

#include "sonde/elf/image.hpp"
#include "sonde/memory/mapping.hpp"
#include "sonde/unwind/build.hpp"

namespace sonde::process {

struct Module {
  std::uint32_t id = 0;                     // From 1 on, in the order of their discovery.
  std::string path;                         // As the process sees it, or "[vdso]". Untrusted text.
  std::shared_ptr<const elf::Image> image;  // Null when the file could not be opened or is no ELF file.
  unwind::TableView table;                  // Empty then, and where the file has no call frame information.

  Bytes build_id() const { return image ? image->build_id() : Bytes{}; }
};

class ModuleCache {
 public:
  // The file that `mapping`, of the process `pid`, was mapped from; the vDSO counts as one. Opened as the
  // process sees it: under its root, and what was deleted meanwhile through /proc/PID/map_files, which needs
  // CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. Null for a mapping of no file, and beyond limits::modules. The
  // module lives as long as the cache.
  //
  // The first look at a file takes as long as building its table: 1.5 ms for libc, 90 ms for libLLVM.
  const Module* of(pid_t pid, const memory::Mapping& mapping);

  // All modules, by id less 1.
  const std::vector<std::unique_ptr<Module>>& modules() const { return modules_; }

 private:
  // A file's identity: device, inode, and for the vDSO the process's kind.
  using Key = std::tuple<std::uint64_t, std::uint64_t, std::string>;

  Module* add(std::string path, std::shared_ptr<const elf::Image> image);

  std::map<Key, Module*> known_;
  std::vector<std::unique_ptr<Module>> modules_;
  std::vector<unwind::Table> tables_;
};

}  // namespace sonde::process

// Where the names of a module's functions are that is stripped: whether it has an allocator of its own.
#pragma once

#include <memory>
#include <sys/types.h>

#include "sonde/elf/image.hpp"
#include "sonde/process/module_cache.hpp"
#include "sonde/record/options.hpp"

namespace sonde::record {

// Looks for a separate debug file, where names::DebugFiles does, but on no server; else into the module's own
// .gnu_debugdata. Only for a module without .symtab, and of these only for the program itself, or where the
// user has named functions: a library has what others are to call in .dynsym, and libc's debug file would be
// read at each start for nothing.
class HeapNames {
 public:
  HeapNames(const process::Module& module, pid_t pid, const Options& options);

  // Null where nothing has more names than the module. As long as this and the module.
  const elf::Image* image() const { return image_; }

 private:
  std::shared_ptr<const elf::Image> file_;
  const elf::Image* image_ = nullptr;
};

}  // namespace sonde::record

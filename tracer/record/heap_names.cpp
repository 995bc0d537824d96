#include "sonde/record/heap_names.hpp"

#include <utility>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/names/debug_files.hpp"
#include "sonde/process/proc_fs.hpp"

namespace sonde::record {

namespace {

std::shared_ptr<const elf::Image> debug_file(const process::Module& module, pid_t pid,
                                             const Options& options) {
  auto process = names::FileRoot::at(fmt::format("/proc/{}/root", pid));
  auto own = names::FileRoot::at("/");
  if (!process || !own) return nullptr;
  names::DebugFileOptions where;
  where.symbols_from = options.symbols_from;
  where.crc_bytes = limits::allocator_debug_file_bytes;
  return names::DebugFiles(*std::move(process), *std::move(own), std::move(where))
      .find(*module.image, module.path)
      .image;
}

}  // namespace

HeapNames::HeapNames(const process::Module& module, pid_t pid, const Options& options) {
  if (!module.path.starts_with('/') || module.image->section(".symtab") != nullptr) return;
  if (options.allocators.empty() && module.path != process::ProcFs().exe(pid)) return;
  file_ = debug_file(module, pid, options);
  image_ = file_ ? file_.get() : module.image->mini_debug_info();
}

}  // namespace sonde::record

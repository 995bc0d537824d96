#include "cli/file_symbols.hpp"

#include <algorithm>
#include <fcntl.h>

#include <fmt/format.h>

namespace sonde::cli {

std::shared_ptr<const elf::Image> FileSymbols::image_of(const stacks::Module& module) {
  const auto [found, added] = images_.try_emplace(module.path);
  if (!added) return found->second;
  for (const std::string& path : {fmt::format("/proc/{}/root{}", module.pid, module.path), module.path}) {
    UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
    if (!file) continue;
    const auto image = elf::Image::open(std::move(file), module.path);
    if (image && std::ranges::equal((*image)->build_id(), module.build_id)) return found->second = *image;
  }
  return nullptr;
}

stacks::Functions FileSymbols::in_module(const stacks::Module& module, std::uint64_t address) {
  const auto image = image_of(module);
  if (!image) return {};
  const auto symbol = image->symbols().find(address);
  if (!symbol) return {};
  return {{std::string(symbol->name), symbol->address, {}, 0, 0}};
}

stacks::Functions FileSymbols::in_memory(pid_t, std::uint64_t) { return {}; }

}  // namespace sonde::cli

#include <algorithm>
#include <cstring>
#include <string_view>

#include "sonde/base/limits.hpp"
#include "sonde/elf/image.hpp"
#include "sonde/glibc_heap/process.hpp"

namespace sonde::glibc_heap {

namespace {

constexpr std::uint32_t descriptor_bytes_max = 64 << 10;

std::optional<elf::Symbol> symbol_of(const elf::Image& libc, const elf::Image* debug_file,
                                     std::string_view name) {
  if (auto found = libc.symbol(name)) return found;
  return debug_file == nullptr ? std::nullopt : debug_file->symbol(name);
}

std::optional<std::uint32_t> number_at(const elf::Image& libc, std::uint64_t address, std::size_t index) {
  const Bytes bytes = libc.loaded_at(address);
  std::uint32_t value = 0;
  if (bytes.size() < (index + 1) * sizeof value) return std::nullopt;
  std::memcpy(&value, bytes.data() + index * sizeof value, sizeof value);
  return value;
}

// nptl_db/db_info.c: a size is one number; a field is its bits, its count and its offset in bytes.
std::optional<ThreadLayout> thread_layout(const elf::Image& libc) {
  const auto size = libc.symbol("_thread_db_sizeof_pthread");
  const auto tid = libc.symbol("_thread_db_pthread_tid");
  if (!size || !tid) return std::nullopt;
  const auto bytes = number_at(libc, size->address, 0);
  const auto bits = number_at(libc, tid->address, 0);
  const auto count = number_at(libc, tid->address, 1);
  const auto offset = number_at(libc, tid->address, 2);
  if (!bytes || bits != 32 || count != 1 || !offset || *bytes < 64 || *bytes > descriptor_bytes_max ||
      *bytes % 8 != 0 || *offset > *bytes - 4) {
    return std::nullopt;
  }
  return ThreadLayout{*bytes, *offset};
}

// "GNU C Library (Debian GLIBC 2.36-9) stable release version 2.36."
std::string version_of(const elf::Image& libc) {
  const auto read_only = libc.contents(".rodata");
  if (!read_only) return {};
  const std::string_view text(reinterpret_cast<const char*>(read_only->data()), read_only->size());
  constexpr std::string_view before = "release version ";
  const std::size_t banner = text.find("GNU C Library");
  const std::size_t at = banner == std::string_view::npos ? banner : text.find(before, banner);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = text.substr(at + before.size(), 16);
  const std::size_t end = rest.find_first_not_of("0123456789.");
  std::string_view version = rest.substr(0, end);
  while (version.ends_with('.')) version.remove_suffix(1);
  return std::string(version);
}

}  // namespace

Symbols symbols_of(const elf::Image& libc, const elf::Image* debug_file, std::uint64_t load_bias) {
  Symbols symbols;
  if (const auto found = symbol_of(libc, debug_file, "main_arena"))
    symbols.main_arena = Address{found->address + load_bias};
  if (const auto found = symbol_of(libc, debug_file, "mp_")) symbols.mp = Address{found->address + load_bias};
  const auto cache = symbol_of(libc, debug_file, "tcache");
  const auto arena = symbol_of(libc, debug_file, "thread_arena");
  if (cache && arena)
    symbols.tcache_from_thread_arena = static_cast<std::int64_t>(cache->address - arena->address);
  symbols.threads = thread_layout(libc);
  symbols.version = version_of(libc);
  return symbols;
}

}  // namespace sonde::glibc_heap

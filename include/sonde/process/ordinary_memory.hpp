// The memory of a live process that holds its own data, for looking at what is in its blocks.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

#include "sonde/base/memory_reader.hpp"
#include "sonde/memory/mapping.hpp"
#include "sonde/memory/process_memory.hpp"

namespace sonde::process {

// Reads page by page, and each page once: a second look sees the same bytes, whatever the process does
// meanwhile. Only mappings that are readable and private, of no file or of a regular one, are read: a device
// may take a read for a command, and [vvar] is the kernel's. The process need not be stopped, and needs not
// be traced; who reads needs the permission to.
class OrdinaryMemory final : public MemoryReader {
 public:
  // Takes the mappings from /proc/PID/maps, once. Of a process that is gone nothing can be read.
  explicit OrdinaryMemory(pid_t pid);

  // Keeps the pages: at most limits::contents_pages; those beyond cannot be read.
  std::size_t read(Address address, std::span<std::byte> into) const override;

 private:
  static constexpr std::size_t page_bytes = 4096;
  using Page = std::array<std::byte, page_bytes>;

  bool is_ordinary(Address page) const;
  const Page* page_at(Address page) const;

  memory::ProcessMemory memory_;
  std::vector<memory::Mapping> mappings_;
  mutable std::unordered_map<std::uint64_t, std::optional<Page>> pages_;  // Empty: it cannot be read.
};

}  // namespace sonde::process

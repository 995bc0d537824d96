// A process's mappings, as /proc/PID/maps lists them (proc(5)).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"

namespace sonde::memory {

struct Mapping {
  Address begin;
  Address end;  // Exclusive, above begin.
  bool readable;
  bool writable;
  bool executable;
  bool shared;
  std::uint64_t file_offset;
  std::uint32_t device_major;
  std::uint32_t device_minor;
  std::uint64_t inode;
  std::string name;  // A path (with " (deleted)" behind it where the file is gone), "[heap]" and its like, or
                     // empty. As the kernel wrote it: a newline in a path stands as \012. Untrusted text.
};

// Parses the text of a maps file. A line that is malformed, or does not lie above the one before it, is an
// error that names its number. Time and memory are linear in the text.
Result<std::vector<Mapping>> parse_maps(std::string_view text);

}  // namespace sonde::memory

// Locations that were found, in little memory: most frames share their names and files with many others.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sonde/names/module.hpp"

namespace sonde::names {

class LocationCache {
 public:
  // What was stored for the address. Valid until the next call of either.
  std::optional<Location> find(std::uint64_t address);
  // Copies everything. The frames' `function` is ignored: it follows from `linkage_name`. When full, it
  // forgets what it has first.
  Location store(std::uint64_t address, const Location& location);

 private:
  struct Name {
    std::string linkage;
    std::optional<std::string> shown;  // Where that is not the same.
  };
  struct StoredFrame {
    std::uint32_t name;
    std::uint32_t file;
    std::uint32_t line;
    std::uint32_t column : 31;
    std::uint32_t inlined : 1;
  };
  struct Stored {
    std::uint32_t first;
    std::uint32_t count;
    std::optional<std::uint64_t> offset;
  };

  Location unpack(const Stored& stored);
  std::uint32_t name_index(std::string_view linkage_name);
  std::uint32_t file_index(std::string_view file);

  std::unordered_map<std::uint64_t, Stored> locations_;
  std::vector<StoredFrame> frames_;
  std::deque<Name> names_;  // A deque: its texts stay where they are.
  std::deque<std::string> files_;
  std::unordered_map<std::string_view, std::uint32_t> name_indices_;
  std::unordered_map<std::string_view, std::uint32_t> file_indices_;
  std::vector<Frame> answer_;
  std::size_t bytes_ = 0;  // Of all that is stored, about.
};

}  // namespace sonde::names

#include "location_cache.hpp"

#include <utility>

#include "sonde/base/limits.hpp"
#include "sonde/names/demangle.hpp"

namespace sonde::names {

std::optional<Location> LocationCache::find(std::uint64_t address) {
  const auto found = locations_.find(address);
  if (found == locations_.end()) return std::nullopt;
  return unpack(found->second);
}

Location LocationCache::store(std::uint64_t address, const Location& location) {
  if (bytes_ > limits::symbolized_bytes) *this = LocationCache();
  constexpr std::size_t node_bytes = 64;  // Of a hash table, with what the allocator needs.
  bytes_ += node_bytes + location.frames.size() * sizeof(StoredFrame);
  const Stored stored{static_cast<std::uint32_t>(frames_.size()),
                      static_cast<std::uint32_t>(location.frames.size()), location.offset};
  for (const Frame& frame : location.frames)
    frames_.push_back({.name = name_index(frame.linkage_name),
                       .file = file_index(frame.file),
                       .line = frame.line,
                       .column = frame.column & 0x7fff'ffff,
                       .inlined = frame.inlined});
  return unpack(locations_.insert_or_assign(address, stored).first->second);
}

Location LocationCache::unpack(const Stored& stored) {
  answer_.clear();
  for (std::uint32_t i = stored.first; i < stored.first + stored.count; ++i) {
    const StoredFrame& frame = frames_[i];
    const Name& name = names_[frame.name];
    answer_.push_back({.function = name.shown ? *name.shown : name.linkage,
                       .linkage_name = name.linkage,
                       .file = files_[frame.file],
                       .line = frame.line,
                       .column = frame.column,
                       .inlined = frame.inlined != 0});
  }
  return {answer_, stored.offset};
}

std::uint32_t LocationCache::name_index(std::string_view linkage_name) {
  if (const auto known = name_indices_.find(linkage_name); known != name_indices_.end()) return known->second;
  const auto index = static_cast<std::uint32_t>(names_.size());
  Name name{std::string(linkage_name), demangle(linkage_name)};
  // A symbol's version ("read@@GLIBC_2.2.5") is no part of the function's name.
  if (const std::size_t version = linkage_name.find('@'); !name.shown && version != std::string_view::npos)
    name.shown = linkage_name.substr(0, version);
  bytes_ += sizeof name + name.linkage.size() + (name.shown ? name.shown->size() : 0);
  names_.push_back(std::move(name));
  name_indices_.emplace(names_.back().linkage, index);
  return index;
}

std::uint32_t LocationCache::file_index(std::string_view file) {
  if (const auto known = file_indices_.find(file); known != file_indices_.end()) return known->second;
  const auto index = static_cast<std::uint32_t>(files_.size());
  files_.emplace_back(file);
  bytes_ += sizeof(std::string) + file.size();
  file_indices_.emplace(files_.back(), index);
  return index;
}

}  // namespace sonde::names

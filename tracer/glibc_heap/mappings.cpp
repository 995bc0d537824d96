#include "glibc_heap/mappings.hpp"

#include <algorithm>
#include <array>

namespace sonde::glibc_heap {

namespace {

std::string_view file_name(std::string_view path) {
  constexpr std::string_view deleted = " (deleted)";
  if (path.ends_with(deleted)) path.remove_suffix(deleted.size());
  if (!path.starts_with('/')) return {};
  return path.substr(path.rfind('/') + 1);
}

// "libc.so.6", and as it was called before 2.34, "libc-2.31.so".
bool is_libc(std::string_view path) {
  const std::string_view file = file_name(path);
  return file == "libc.so.6" || (file.starts_with("libc-2.") && file.ends_with(".so"));
}

}  // namespace

const Mapping* find_libc(std::span<const Mapping> mappings) {
  const auto found = std::ranges::find_if(mappings, [](const Mapping& m) { return is_libc(m.name); });
  return found == mappings.end() ? nullptr : &*found;
}

const Mapping* mapping_of(std::span<const Mapping> mappings, Address address) {
  const auto after =
      std::ranges::upper_bound(mappings, address, {}, [](const Mapping& m) { return m.range.begin; });
  if (after == mappings.begin() || !std::prev(after)->range.contains(address)) return nullptr;
  return &*std::prev(after);
}

bool is_anonymous(const Mapping& mapping) {
  // The kernel shows names that prctl(PR_SET_VMA_ANON_NAME) gives, as glibc 2.38 and later do for malloc.
  const bool nameless = mapping.name.empty() || mapping.name.starts_with("[anon: glibc: malloc");
  return nameless && mapping.readable && mapping.writable && !mapping.shared;
}

std::vector<Range> joined(std::vector<Range> ranges) {
  std::size_t kept = 0;
  for (const Range& range : ranges) {
    if (kept > 0 && range.begin <= ranges[kept - 1].end) {
      ranges[kept - 1].end = std::max(ranges[kept - 1].end, range.end);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
  return ranges;
}

std::vector<Range> brk_ranges(std::span<const Mapping> mappings) {
  std::vector<Range> ranges;
  for (const Mapping& mapping : mappings) {
    if (mapping.name == "[heap]" && mapping.readable && mapping.writable) ranges.push_back(mapping.range);
  }
  return joined(std::move(ranges));
}

std::vector<Range> anonymous_pieces(std::span<const Mapping> mappings, std::vector<Range> taken) {
  std::ranges::sort(taken);
  std::vector<Range> whole;
  for (const Mapping& mapping : mappings) {
    if (is_anonymous(mapping)) whole.push_back(mapping.range);
  }
  std::vector<Range> pieces;
  auto next = taken.begin();
  for (Range rest : joined(std::move(whole))) {
    while (next != taken.end() && next->end <= rest.begin) ++next;
    for (auto cut = next; cut != taken.end() && cut->begin < rest.end && rest.begin < rest.end; ++cut) {
      if (rest.begin < cut->begin) pieces.push_back({rest.begin, cut->begin});
      rest.begin = std::max(rest.begin, cut->end);
    }
    if (rest.begin < rest.end) pieces.push_back(rest);
  }
  return pieces;
}

std::vector<Range> libc_data(std::span<const Mapping> mappings) {
  std::vector<Range> ranges;
  const Mapping* libc = find_libc(mappings);
  if (libc == nullptr) return ranges;
  for (const Mapping& mapping : mappings) {
    const bool follows = !ranges.empty() && ranges.back().end == mapping.range.begin && is_anonymous(mapping);
    if ((mapping.name == libc->name && mapping.writable && mapping.readable) || follows)
      ranges.push_back(mapping.range);
  }
  return joined(std::move(ranges));
}

std::string_view other_allocator(std::span<const Mapping> mappings) {
  constexpr std::array<std::string_view, 8> prefixes = {"libjemalloc.", "libtcmalloc",  "libmimalloc",
                                                        "libhoard.",    "libtbbmalloc", "librpmalloc.",
                                                        "libsnmalloc",  "libscudo"};
  for (const Mapping& mapping : mappings) {
    const std::string_view file = file_name(mapping.name);
    for (const std::string_view prefix : prefixes) {
      if (file.starts_with(prefix)) return file;
    }
  }
  return {};
}

bool has_musl(std::span<const Mapping> mappings) {
  return std::ranges::any_of(mappings, [](const Mapping& mapping) {
    const std::string_view file = file_name(mapping.name);
    return file.starts_with("ld-musl-") || file.starts_with("libc.musl-") ||
           mapping.name.find("musl/") != std::string_view::npos;
  });
}

}  // namespace sonde::glibc_heap

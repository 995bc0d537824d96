// /tmp/perf-PID.map: how a JIT compiler tells which functions it has generated (the Linux kernel's
// tools/perf/Documentation/jit-interface.txt). A line a function: start and size in hexadecimal, then its
// name, which may have blanks.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "sonde/base/types.hpp"

namespace sonde::names {

class PerfMap {
 public:
  struct Function {
    std::string_view name;  // Untrusted text, owned by the map.
    Address begin;
    std::uint64_t size;
  };

  // Takes what can be understood: such a file is written while it is read, so that its last line may be half
  // a line. A function that is told later replaces what was there, in part or in whole. At most
  // perf_map_entries.
  static PerfMap parse(std::string text);

  // The function that covers an address of the process.
  std::optional<Function> find(Address address) const;

  std::size_t ranges() const { return ranges_.size(); }

 private:
  struct Line {
    std::uint64_t begin;
    std::uint64_t size;
    std::size_t name;  // Where in text_ the name begins, and its length.
    std::size_t name_size;
  };
  struct Range {
    std::uint64_t end;  // Exclusive.
    Line line;
  };

  static std::optional<Line> parse_line(std::string_view text, std::size_t begin, std::size_t end);
  void insert(const Line& line);

  std::string text_;
  std::map<std::uint64_t, Range> ranges_;  // By begin; disjoint.
};

}  // namespace sonde::names

#include "sonde/suppress/leak_report.hpp"

#include <string_view>
#include <utility>

#include "sonde/base/limits.hpp"
#include "sonde/suppress/report_array.hpp"

namespace sonde::suppress {

namespace {

struct Uses {
  std::vector<ReportedUse> uses;
  std::string_view refused;

  bool element() {
    if (uses.size() == limits::suppression_entries) {
      refused = "more suppressions than a report may have";
      return false;
    }
    uses.emplace_back();
    return true;
  }
  bool text(std::string_view key, std::string_view value) {
    value = value.substr(0, limits::suppression_line_bytes);
    if (uses.empty()) return true;
    if (key == "file") uses.back().file = value;
    if (key == "name") uses.back().name = value;
    return true;
  }
  bool number(std::string_view key, std::uint64_t value) {
    if (uses.empty()) return true;
    if (key == "line") uses.back().line = value;
    if (key == "count") uses.back().count = value;
    if (key == "bytes") uses.back().bytes = value;
    return true;
  }
};

}  // namespace

Result<std::vector<ReportedUse>> parse_leak_report(std::string json) {
  Uses uses;
  if (auto read = read_report(std::move(json), "suppressions", uses); !read) return Failure(read.error());
  return std::move(uses.uses);
}

}  // namespace sonde::suppress

#include "sonde/leaks/baseline.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>

#include "sonde/base/limits.hpp"
#include "sonde/suppress/report_array.hpp"

namespace sonde::leaks {

namespace {

struct Fingerprints {
  std::vector<std::uint64_t> all;
  std::string_view refused;

  static bool element() { return true; }
  bool text(std::string_view key, std::string_view value) {
    if (key != "fingerprint") return true;
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number, 16);
    if (error != std::errc() || end != value.data() + value.size()) return true;
    if (all.size() == limits::leak_baseline_records) {
      refused = "more records than a baseline may have";
      return false;
    }
    all.push_back(number);
    return true;
  }
  static bool number(std::string_view, std::uint64_t) { return true; }
};

}  // namespace

Baseline::Baseline(std::vector<std::uint64_t> fingerprints) : fingerprints_(std::move(fingerprints)) {
  std::sort(fingerprints_.begin(), fingerprints_.end());
  fingerprints_.erase(std::unique(fingerprints_.begin(), fingerprints_.end()), fingerprints_.end());
}

bool Baseline::has(std::uint64_t fingerprint) const {
  return fingerprint != 0 && std::binary_search(fingerprints_.begin(), fingerprints_.end(), fingerprint);
}

void Baseline::mark(Findings& findings) const {
  for (auto* records : {&findings.records, &findings.suppressed})
    for (Record& record : *records) record.known = has(record.fingerprint);
}

Result<Baseline> parse_baseline(std::string json) {
  Fingerprints found;
  if (auto read = suppress::read_report(std::move(json), "records", found); !read)
    return Failure(read.error());
  return Baseline(std::move(found.all));
}

}  // namespace sonde::leaks

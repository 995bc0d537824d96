// Leaks that were there before: a run is to fail on new ones only.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/leaks/findings.hpp"

namespace sonde::leaks {

class Baseline {
 public:
  explicit Baseline(std::vector<std::uint64_t> fingerprints);

  bool has(std::uint64_t fingerprint) const;
  std::size_t size() const { return fingerprints_.size(); }
  // Sets Record::known. One without a stack is never known.
  void mark(Findings& findings) const;

 private:
  std::vector<std::uint64_t> fingerprints_;  // Sorted.
};

// The records of an earlier report: one or several objects of `sonde leaks --format json` (docs/json.md), one
// behind the other; a NUL ends the text. Fails with `invalid` where it is no JSON or has no array "records",
// with `limit` beyond leak_report_bytes, leak_report_nesting and leak_baseline_records. Untrusted.
Result<Baseline> parse_baseline(std::string json);

}  // namespace sonde::leaks

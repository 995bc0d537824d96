// What a leaks report in JSON says of suppressions.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/base/result.hpp"

namespace sonde::suppress {

// An element of the array "suppressions" of an object of the report:
//   {"file":"a.supp","line":3,"name":"libfoo","count":2,"bytes":96}
// Other members are ignored. All entries that were in use have one, also those that matched nothing.
struct ReportedUse {
  std::string file;
  std::uint64_t line = 0;
  std::string name;
  std::uint64_t count = 0;
  std::uint64_t bytes = 0;
};

// The text is one JSON value or several, one behind the other; a NUL ends it. Fails with `invalid` where it
// is no JSON or has no such array, with `limit` beyond leak_report_bytes, leak_report_nesting and
// suppression_entries. The texts are untrusted.
Result<std::vector<ReportedUse>> parse_leak_report(std::string json);

}  // namespace sonde::suppress

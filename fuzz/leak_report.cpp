// Any bytes as a report on leaks in JSON, as `sonde suppressions check --against` and `sonde leaks
// --baseline` read it: the suppressions that it counts, and the fingerprints that it has.
#include "sonde/suppress/leak_report.hpp"

#include <cstddef>
#include <cstdint>
#include <string>

#include "sonde/leaks/baseline.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto uses = sonde::suppress::parse_leak_report(text);
  const auto baseline = sonde::leaks::parse_baseline(text);
  // What is read of both cannot be more than there are bytes to say it.
  if (uses && uses->size() > size) __builtin_trap();
  if (baseline && (baseline->size() > size || baseline->has(0))) __builtin_trap();
  return 0;
}

// The text of /tmp/perf-PID.map.
#include "sonde/names/perf_map.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto map = sonde::names::PerfMap::parse(std::string(reinterpret_cast<const char*>(data), size));
  for (std::uint64_t address = 0; address < 4096; ++address) {
    const auto function = map.find({address});
    if (!function) continue;
    if (function->begin.value > address || address - function->begin.value >= function->size) std::abort();
    if (function->name.empty()) std::abort();
  }
  return 0;
}

// The text of /proc/PID/maps.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sonde/memory/mapping.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto maps = sonde::memory::parse_maps({reinterpret_cast<const char*>(data), size});
  if (!maps) return 0;
  sonde::Address last{0};
  for (const auto& mapping : *maps) {
    if (mapping.begin < last || mapping.end <= mapping.begin) std::abort();
    last = mapping.end;
  }
  return 0;
}

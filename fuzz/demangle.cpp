// Names of symbols, C++'s and Rust's.
#include "sonde/names/demangle.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sonde/base/limits.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = sonde::names::demangle({reinterpret_cast<const char*>(data), size});
  // What a clone is called comes on top.
  if (text && text->size() > sonde::limits::demangled_bytes + sonde::limits::demangle_input_bytes + 16)
    std::abort();
  return 0;
}

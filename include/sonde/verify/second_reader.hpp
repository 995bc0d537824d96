// The second reader of debug information: libdwarf++, which has nothing in common with sonde::dwarf::Reader
// but what it reads. Where both tell the same of an address, the answer was checked.
//
// libdwarf++ crashes, hangs or takes all memory on some damaged files. Whoever calls this does it in a
// process that may die, with its time and memory limited.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/dwarf/reader.hpp"
#include "sonde/dwarf/sections.hpp"

namespace sonde::verify {

// One function at an address. What is not known is empty or 0.
struct Frame {
  std::string function;  // DW_AT_linkage_name, else DW_AT_name without what it is declared in.
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool inlined = false;
};

// What is known of an address.
struct Answer {
  std::vector<Frame> frames;  // Innermost first.
  bool unread = false;        // libdwarf++ gave up on the unit: it says nothing.
};

struct Reading {
  std::vector<Answer> answers;  // One for each address.
  std::string problem;          // What libdwarf++ said of the first unit that it gave up on; empty for none.
};

// What libdwarf++ says of `addresses`, which ascend, at most verify_addresses. ErrorCode::unsupported, with
// the reason in words, for what it does not know: DWARF 5, split units. ErrorCode::invalid where it gives up.
Result<Reading> read_again(const dwarf::Sections& sections, std::span<const std::uint64_t> addresses);

// In what two answers differ: "frames" (their number, or which are inlined), "function", "file", "line" or
// "column"; empty where they do not. A name that one of the two does not know is no difference.
std::string_view difference(dwarf::Frames first, std::span<const Frame> second);

}  // namespace sonde::verify

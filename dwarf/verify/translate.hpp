// Debug information as compilers write it → as libdwarf++ reads it.
#pragma once

#include <cstddef>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/dwarf/sections.hpp"

namespace sonde::verify {

// .debug_abbrev, where each form or attribute that libdwarf++ refuses is replaced by one that it knows and
// that takes as many bytes. What such an attribute says is lost, and none is needed: location views of GNU,
// and references into the file of dwz.
//
// ErrorCode::unsupported where that does not help: units of DWARF 5, or split ones. ErrorCode::invalid where
// the units' headers make no sense.
Result<std::vector<std::byte>> translate_abbreviations(const dwarf::Sections& sections);

}  // namespace sonde::verify

// Split units: finding a skeleton's other half in a .dwo file or in a .dwp package (DWARF 5 sections 7.3.2
// and 7.3.5, and the GNU extension to DWARF 4 that they came from).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "unit.hpp"

namespace sonde::dwarf {

// The file with the one unit that `skeleton` of `main` stands for, with what the unit takes over from the
// skeleton set. Null when the sections do not have it.
std::unique_ptr<File> read_split(const File& main, const Unit& skeleton, SharedSections sections);

// The sections of a package cut to the part of one unit. Empty when the package does not have the unit.
std::optional<Sections> sections_of_unit(const Sections& package, std::uint64_t identity);

}  // namespace sonde::dwarf

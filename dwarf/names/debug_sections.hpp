// An image's sections, as the reader of debug information takes them.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sonde/dwarf/sections.hpp"
#include "sonde/elf/image.hpp"
#include "sonde/names/debug_files.hpp"

namespace sonde::names {

// The .debug_ sections whose names end in `suffix` ("", or ".dwo" in a file of split units). One that cannot
// be had is left empty. The bytes live as long as the image.
dwarf::Sections debug_sections(const elf::Image& image, std::string_view suffix);

// Finds split units of the program at `path`. `files` must outlive what is returned.
dwarf::OpenSplit split_finder(const DebugFiles& files, std::string path);

}  // namespace sonde::names

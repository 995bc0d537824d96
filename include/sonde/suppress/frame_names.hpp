// What the two tools call a frame, which is what patterns are compared with.
#pragma once

#include <string_view>

#include "sonde/suppress/leak.hpp"

namespace sonde::suppress {

// As people write it, with parameters; the linkage name where that is all there is.
std::string_view lsan_function(const Frame& frame);

// The linkage name; of an inlined function its name in the debug information, which has neither class nor
// parameters; "(below main)" for what calls main; "???" where there is none.
std::string_view valgrind_function(const Frame& frame);
// The path of the module, "???" where it is not known.
std::string_view valgrind_object(const Frame& frame);
// The name of the source file without its folder; empty, which no pattern matches, where it is not known.
std::string_view valgrind_source(const Frame& frame);

// The name that a function was declared with: "wrap<int>" of "void* shop::wrap<int>(unsigned int)".
std::string_view unqualified(std::string_view demangled);

}  // namespace sonde::suppress

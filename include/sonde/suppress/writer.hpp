// Suppressions that are ready to be put into a file, for leaks that were found.
#pragma once

#include <string>
#include <string_view>

#include "sonde/suppress/leak.hpp"

namespace sonde::suppress {

// As valgrind --gen-suppressions writes it: the kind, and a line for each frame up to main, 24 at most: fun:,
// or obj: where no function is known. It matches the leak, and means the same to valgrind. Bytes that would
// not survive a file are written as "?". With a newline at its end; empty for a leak without frames.
std::string valgrind_block(const Leak& leak, std::string_view name = "<insert_a_suppression_name_here>");

// "leak:^FUNCTION$" for a frame, or its module or source file where the function is not known; empty where
// nothing is. Bytes that would not survive are written as "*". With a newline at its end.
std::string lsan_line(const Frame& frame);

}  // namespace sonde::suppress

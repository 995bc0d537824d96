// What the reports on leaks share.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sonde/output/leak_report.hpp"

namespace sonde::output {

// "definitely lost", as memcheck says it.
std::string_view class_text(leaks::LeakClass kind);

// From the largest harm to the least.
inline constexpr leaks::LeakClass leak_classes_in_order[] = {
    leaks::LeakClass::definite, leaks::LeakClass::indirect, leaks::LeakClass::possible,
    leaks::LeakClass::reachable};

// "88 B in 1 block, and 80 B in 10 blocks that it keeps"
std::string amount_text(const leaks::Record& record);

// The function, or "??". Untrusted.
std::string_view function_of(const leaks::Frame& frame);

// The innermost frame of the program's own, which is where to look: behind the allocators and the runtime
// libraries. The first frame where there is no such; null for an empty stack.
const leaks::Frame* site_of(std::span<const leaks::Frame> frames);

// Up to main, which is the last that says something; all of them without one.
std::span<const leaks::Frame> up_to_main(std::span<const leaks::Frame> frames);

// A line for each frame up to main, of so many; 0: of all.
void append_stack(std::string& out, std::span<const leaks::Frame> frames, std::size_t count);

// The records to be told, in their order.
std::vector<const leaks::Record*> shown_records(const std::vector<leaks::Record>& records,
                                                suppress::LeakKinds kinds);

}  // namespace sonde::output

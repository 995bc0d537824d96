// From the options that say what is shown to one expression, and to what of it the kernel can decide.
#pragma once

#include "sonde/base/result.hpp"
#include "sonde/cli/settings.hpp"

namespace sonde::cli {

// Sets settings.selection and settings.calls from -e, -P, -z and -Z. The error's context is the block that
// the filter layer makes, with its caret, ready to be shown by complain_of_filter().
Result<void> compile_filters(Settings& settings);

// After compile_filters(): what must be captured for the selection to be decided. A filter on what only heap
// events have asks for these, where --events says nothing. Fails for a filter that --only-matching cannot
// decide.
Result<void> require_captures(Settings& settings);

// After require_captures(): what the tracer captures and passes over for it, and for a program that sonde
// starts the seccomp filter, where that is possible and harmless.
void push_filters_down(Settings& settings);

// The same for allocators' calls: of which the tracer tells nothing, or takes no stack.
void push_heap_filters_down(Settings& settings);

void complain_of_filter(const Error& error);

}  // namespace sonde::cli

// The memory of a process that is no more, for who wants to see what was in its blocks.
#pragma once

#include <memory>

#include "sonde/base/memory_reader.hpp"
#include "sonde/event/event.hpp"

namespace sonde::cli {

// Reads what the tracer has copied into the file, which must outlive the reader; null where that cannot be.
// The memory that the copy takes is given back with the reader. Pages that the process never touched are
// zeroes, as they would have been to itself.
std::unique_ptr<MemoryReader> read_copy(int file, const event::MemoryCopied& copied);

}  // namespace sonde::cli

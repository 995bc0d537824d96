// A process as it stood still: a copy of its memory, and what its threads had in hand. Made by a tracer, read
// by whoever shares the file.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <sys/types.h>
#include <vector>

#include "sonde/process/memory_copy.hpp"

namespace sonde::process {

struct ThreadState {
  std::uint64_t stack_pointer;
  std::uint64_t thread_pointer;             // fs_base
  std::array<std::uint64_t, 16> registers;  // General-purpose, without the program counter.
  std::int32_t tid;
  // It has ended by itself: nothing on its stack is used any more. (A thread that the end of its process has
  // stopped has a stack still.)
  std::uint8_t has_ended;
  std::uint8_t uses_registers;  // They may hold something: not those of a thread that is in its last call.
  std::uint16_t reserved;
};

struct MemoryImage {
  MemoryCopy memory;
  std::vector<ThreadState> threads;
  std::vector<std::uint64_t> vectors;  // Words of vector registers, of threads that were not in a call.
};

// Writes what is to be known of the image behind its memory, at `offset` of the same file. How many bytes
// that were; fails when they cannot be written.
Result<std::uint64_t> write_image(const MemoryImage& image, int file, std::uint64_t offset);

// Reads that. Empty when there is nothing of the sort: the file is changed by nobody but its writer.
std::optional<MemoryImage> read_image(int file, std::uint64_t offset, std::uint64_t size);

// Where such an image stands in the file: its memory, and behind that what write_image() wrote.
struct ImagePlace {
  std::uint64_t begin;
  std::uint64_t end;
};
ImagePlace place_of(const MemoryImage& image, std::uint64_t offset, std::uint64_t size);
// Gives the memory of an image back to the system. Nobody may read it any more.
void forget_image(int file, ImagePlace place);

}  // namespace sonde::process

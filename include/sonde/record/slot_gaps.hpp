// Where slots for displaced instructions can lie in a module: bytes of its code that nothing runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sonde/arch/code.hpp"
#include "sonde/elf/image.hpp"

namespace sonde::record {

// The zeros behind a module's code, up to the end of its last page, and what fills the space between
// functions: nops, or int3 as lld has it. Looking at all of a large module's code takes seconds, so gaps are
// looked for as they are needed.
class SlotGaps {
 public:
  // Addresses of the file.
  struct Gap {
    std::uint64_t begin;
    std::uint64_t end;
  };

  SlotGaps() = default;
  // `starts`: where its pieces of code begin, ascending. What lies behind its code is found at once.
  SlotGaps(const elf::Image& image, std::vector<std::uint64_t> starts);

  // The same image. Looks at further pieces of its code, until `room` more bytes are found; at the first
  // limits::slot_pieces of them in all. False when there were no more gaps.
  bool find(const elf::Image& image, const arch::Code& code, std::uint64_t room);

  // In the order in which they were found: what is there stays there.
  std::span<const Gap> found() const { return found_; }

 private:
  std::vector<std::uint64_t> starts_;
  std::size_t next_ = 0;  // Of starts_: the first piece that was not looked at.
  std::vector<Gap> found_;
};

}  // namespace sonde::record

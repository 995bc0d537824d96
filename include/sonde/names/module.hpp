// What an address inside a program or library is called: its symbols and debug information, wherever they
// lie, as one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sonde/dwarf/reader.hpp"
#include "sonde/elf/image.hpp"
#include "sonde/names/debug_files.hpp"

namespace sonde::names {

// One function at an address. What is not known is empty or 0. All texts are untrusted.
struct Frame {
  std::string_view function;      // As the source has it: demangled.
  std::string_view linkage_name;  // As the file has it.
  std::string_view file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  bool inlined = false;  // Its code is part of that of the next frame.
};

struct Location {
  // Innermost first: functions inlined at the address, then the one that they became part of. Empty where
  // nothing is known.
  std::span<const Frame> frames;
  // How far the address lies behind the beginning of that last function, by its symbol.
  std::optional<std::uint64_t> offset;
};

// The debug file, and whatever that refers to, is looked for when the first address is asked for. Each
// distinct address is resolved once, and kept in about 30 bytes a frame, up to symbolized_bytes. Not for use
// by two threads at once.
class Module {
 public:
  // `path` is where `image` lies in the root of the process that `files` knows; empty for one that lies in no
  // file. `files` must outlive the module.
  Module(std::shared_ptr<const elf::Image> image, std::string path, const DebugFiles& files);
  Module(Module&&) noexcept;
  Module& operator=(Module&&) noexcept;
  ~Module();

  // What is at `address`, an address of the file (without load bias). For the caller of another frame ask for
  // its return address less 1. Valid until the next call.
  Location locate(std::uint64_t address);

  // What debug information alone says of an address, without the file's symbols, and the sections that say it
  // (null where there are none). Not kept; valid until the next call.
  dwarf::Frames debug_frames(std::uint64_t address);
  const dwarf::Sections* debug_sections();

  const elf::Image& image() const;
  // Where debug information was found, if not in the image itself; empty where there is none, or it was not
  // looked for yet.
  std::string_view debug_path() const;
  // Why there are no lines although there is debug information: it is damaged, or of a kind that is not
  // known.
  const std::optional<Error>& problem() const;

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace sonde::names

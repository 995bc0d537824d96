// Which function and which line an address belongs to, with the functions that were inlined there: DWARF 2
// to 5.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "sonde/base/result.hpp"
#include "sonde/dwarf/sections.hpp"

namespace sonde::dwarf {

// One function at an address. What is not known is empty or 0.
struct Frame {
  // DW_AT_linkage_name, mangled. Where there is none, as for C, DW_AT_name behind the names of what it is
  // declared in: outer::Inner::name.
  std::string_view function;
  // The source file: absolute, unless the compiler's directory was not recorded.
  std::string_view file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  // True when the function's code is part of that of the next frame.
  bool inlined = false;
  // True when `function` is a linkage name. Else a symbol at the address may have a better one, unless it is
  // inlined.
  bool is_linkage_name = false;
};

// Innermost first: the functions inlined at the address, then the one that they became part of. The file and
// line of a caller are those of the inlined call.
using Frames = std::span<const Frame>;

// Reads one file's debug information. Opening it looks at the root of each unit alone; what an address needs
// of its unit is indexed when it is first asked for, and kept within limits::dwarf_cache_bytes.
//
// Bytes are taken to be hostile: whatever they hold, each answer takes bounded time and memory, and what does
// not parse is left out of the answer. Not for use by two threads at once.
class Reader {
 public:
  // The spans of `input` must stay valid as long as the reader. ErrorCode::not_found when there is no debug
  // information, ErrorCode::invalid when not one unit of it could be read.
  static Result<Reader> open(Input input);

  Reader(Reader&&) noexcept;
  Reader& operator=(Reader&&) noexcept;
  ~Reader();

  // The frames at `address`, an address of the file (as its symbols have, before a load bias is added); for
  // the caller of another frame ask for its return address less 1. Empty when nothing is known of it. The
  // frames and their texts stay valid until the next call.
  Frames lookup(std::uint64_t address);

  // Bytes that the reader holds beside the sections, about.
  std::size_t memory() const;

 private:
  class Index;
  explicit Reader(std::unique_ptr<Index> index);
  std::unique_ptr<Index> index_;
};

}  // namespace sonde::dwarf

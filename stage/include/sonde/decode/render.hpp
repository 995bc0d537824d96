// Turns a call's arguments and result into what a Writer prints, each by the renderer of its kind.
#pragma once

#include <cstdint>

#include "sonde/decode/call.hpp"
#include "sonde/decode/style.hpp"
#include "sonde/decode/writer.hpp"

namespace sonde::decode {

// What a renderer gets: one argument of one call, or one value found inside a structure.
struct Value {
  const Call& call;
  unsigned index;     // Of the argument's register; for its neighbours (lengths, commands).
  std::uint64_t raw;  // The register, or the word found in memory.
  const Style& style;
  Writer& out;
  bool before = false;  // Read memory as it was before the call, whatever the call left there.

  bool exited() const { return call.exit.has_value(); }
  bool succeeded() const { return call.exit && !call.exit->failed; }
  // The memory to read: as it was at the exit where that was captured, else (and always with `before`) as it
  // was at the entry.
  std::size_t read(Address address, std::span<std::byte> into) const;
  std::size_t word() const { return word_size(call.abi); }
  // The same place with another value: for what a structure or a pointer leads to.
  Value with(std::uint64_t other) const { return {call, index, other, style, out, before}; }
  Value as_before() const { return {call, index, raw, style, out, true}; }
};

// Renders `raw` as a value of that kind.
void render(syscall::Kind kind, const Value& value);

// How many arguments, from the left, can be printed at the entry: those before the first that is filled by
// the call.
unsigned arguments_known_at_entry(const syscall::Row& row);

// Renders argument `index`. At an exit when call.exit is set.
void render_argument(const Call& call, unsigned index, const Style& style, Writer& out);

// True when argument `index` is printed at all: open()'s mode without O_CREAT is not.
bool argument_shown(const Call& call, unsigned index);

// Renders the result by the row's kind: "3", "0x7f…", "-1 ENOENT (No such file or directory)", "? ERESTARTSYS
// (To be restarted if SA_RESTART is set)", with strace's addition in parentheses where it prints one
// ("(Timeout)",
// "([{fd=5, revents=POLLIN}])", "(flags O_RDWR)"). Needs call.exit.
void render_result(const Call& call, const Style& style, Writer& out);

}  // namespace sonde::decode

// The block that a mistake in a text of the user's is told in:
//
//   error: unknown field 'alloc.sise'
//     alloc.sise > 4K
//     ^~~~~~~~~~  did you mean 'alloc.size'?
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sonde {

// Bytes [begin, end) of the source text.
struct Span {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;

  constexpr bool operator==(const Span&) const = default;
};

// The whole block, without a trailing newline. A long or many-lined source is shown by the part around `at`;
// bytes that do not print are shown as '?'. `hint` may be empty.
std::string diagnostic(std::string_view source, Span at, std::string_view message,
                       std::string_view hint = {});

// The candidate nearest to `name` by edit distance, case ignored, or an empty view when none is near: a third
// of the name may be wrong, at least one character. Names longer than 64 bytes have no neighbours.
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);

// "did you mean 'X'?", or empty for an empty name.
std::string did_you_mean(std::string_view name);

// `text` as it can stand in a message: with what does not print shown as '?'.
std::string printable(std::string_view text);

// The same, cut to 40 bytes.
std::string shown(std::string_view text);

}  // namespace sonde

// A short text that lies where it is written rather than behind a pointer. The tables have ten thousand
// names: pointers to them would have to be relocated by every start of a program, on pages that every fork
// then copies.
#pragma once

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sonde::syscall {

template <std::size_t capacity>
class InlineName {
 public:
  constexpr InlineName() = default;
  // A longer text does not compile, in a table that the compiler makes.
  constexpr explicit InlineName(std::string_view text) : size_(static_cast<std::uint8_t>(text.size())) {
    static_assert(capacity < 256);
    for (std::size_t i = 0; i < text.size(); ++i) text_.at(i) = text[i];
  }
  constexpr InlineName(const char* text) : InlineName(std::string_view(text)) {}

  // Views of this very name: it must stay where it is.
  constexpr std::string_view view() const { return {text_.data(), size_}; }
  constexpr operator std::string_view() const { return view(); }
  constexpr bool empty() const { return size_ == 0; }

  template <std::convertible_to<std::string_view> Text>
  friend constexpr bool operator==(const InlineName& a, const Text& b) {
    return a.view() == std::string_view(b);
  }
  template <std::convertible_to<std::string_view> Text>
  friend constexpr auto operator<=>(const InlineName& a, const Text& b) {
    return a.view() <=> std::string_view(b);
  }

 private:
  std::array<char, capacity> text_{};
  std::uint8_t size_ = 0;
};

}  // namespace sonde::syscall

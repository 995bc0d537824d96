#include "punycode.hpp"

#include <vector>

namespace sonde::names {

namespace {

// The parameters of RFC 3492, section 5.
constexpr std::uint64_t base = 36;
constexpr std::uint64_t t_min = 1;
constexpr std::uint64_t t_max = 26;
constexpr std::uint64_t skew = 38;
constexpr std::uint64_t first_damp = 700;
constexpr std::uint64_t first_bias = 72;
constexpr std::uint64_t first_code_point = 0x80;
constexpr std::uint64_t last_code_point = 0x10ffff;

std::uint64_t adapt(std::uint64_t delta, std::uint64_t count, bool first) {
  delta /= first ? first_damp : 2;
  delta += delta / count;
  std::uint64_t k = 0;
  for (; delta > (base - t_min) * t_max / 2; k += base) delta /= base - t_min;
  return k + (base - t_min + 1) * delta / (delta + skew);
}

std::optional<std::uint64_t> digit_of(char c) {
  if (c >= 'a' && c <= 'z') return static_cast<std::uint64_t>(c - 'a');
  if (c >= '0' && c <= '9') return static_cast<std::uint64_t>(c - '0') + 26;
  return std::nullopt;
}

// A number of variable length, taken off the front of `text`.
std::optional<std::uint64_t> take_delta(std::string_view& text, std::uint64_t bias) {
  std::uint64_t delta = 0;
  std::uint64_t weight = 1;
  for (std::uint64_t k = base;; k += base) {
    const auto digit = text.empty() ? std::nullopt : digit_of(text.front());
    if (!digit) return std::nullopt;
    text.remove_prefix(1);
    delta += *digit * weight;
    const std::uint64_t threshold = k <= bias ? t_min : k >= bias + t_max ? t_max : k - bias;
    if (*digit < threshold) return delta;
    weight *= base - threshold;
    if (weight > std::uint64_t{1} << 40) return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> utf8(std::uint64_t c) {
  if (c > last_code_point || (c >= 0xd800 && c <= 0xdfff)) return std::nullopt;
  std::string text;
  const auto follow = [&](unsigned shift) { text += static_cast<char>(0x80 | (c >> shift & 0x3f)); };
  if (c < 0x80) {
    text += static_cast<char>(c);
  } else if (c < 0x800) {
    text += static_cast<char>(0xc0 | c >> 6);
    follow(0);
  } else if (c < 0x10000) {
    text += static_cast<char>(0xe0 | c >> 12);
    follow(6);
    follow(0);
  } else {
    text += static_cast<char>(0xf0 | c >> 18);
    follow(12);
    follow(6);
    follow(0);
  }
  return text;
}

std::optional<std::string> decode_punycode(std::string_view text) {
  const std::size_t split = text.rfind('_');
  const std::string_view plain = split == std::string_view::npos ? std::string_view() : text.substr(0, split);
  if (split != std::string_view::npos) text.remove_prefix(split + 1);
  if (text.empty()) return std::nullopt;

  std::vector<std::uint64_t> points(plain.begin(), plain.end());
  std::uint64_t point = first_code_point;
  std::uint64_t bias = first_bias;
  std::uint64_t at = 0;
  for (bool first = true; !text.empty(); first = false) {
    const auto delta = take_delta(text, bias);
    if (!delta) return std::nullopt;
    const std::uint64_t count = points.size() + 1;
    at += *delta;
    point += at / count;
    at %= count;
    if (point > last_code_point) return std::nullopt;
    points.insert(points.begin() + static_cast<std::ptrdiff_t>(at), point);
    bias = adapt(*delta, count, first);
    ++at;
  }
  std::string result;
  for (const std::uint64_t p : points) {
    const auto encoded = utf8(p);
    if (!encoded) return std::nullopt;
    result += *encoded;
  }
  return result;
}

}  // namespace sonde::names

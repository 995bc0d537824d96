#include "sonde/memory/mapping.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace sonde::memory {

namespace {

// Takes fields off the front of a line.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  template <typename T>
  bool number(T& value, int base) {
    const auto [end, error] = std::from_chars(text_.data(), text_.data() + text_.size(), value, base);
    if (error != std::errc{}) return false;
    text_.remove_prefix(static_cast<std::size_t>(end - text_.data()));
    return true;
  }
  bool literal(char c) {
    if (text_.empty() || text_.front() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  // A letter that is `yes` or '-', or for sharing one of two letters.
  bool choice(char yes, char no, bool& value) {
    if (text_.empty() || (text_.front() != yes && text_.front() != no)) return false;
    value = text_.front() == yes;
    text_.remove_prefix(1);
    return true;
  }
  std::string_view rest_after_blanks() {
    const std::size_t start = text_.find_first_not_of(' ');
    return start == std::string_view::npos ? std::string_view() : text_.substr(start);
  }
  bool blank_or_end() const { return text_.empty() || text_.front() == ' '; }

 private:
  std::string_view text_;
};

std::optional<Mapping> parse_line(std::string_view line) {
  Mapping m{};
  Cursor at(line);
  const bool fixed = at.number(m.begin.value, 16) && at.literal('-') && at.number(m.end.value, 16) &&
                     at.literal(' ') && at.choice('r', '-', m.readable) && at.choice('w', '-', m.writable) &&
                     at.choice('x', '-', m.executable) && at.choice('s', 'p', m.shared) && at.literal(' ') &&
                     at.number(m.file_offset, 16) && at.literal(' ') && at.number(m.device_major, 16) &&
                     at.literal(':') && at.number(m.device_minor, 16) && at.literal(' ') &&
                     at.number(m.inode, 10) && at.blank_or_end();
  if (!fixed || m.begin >= m.end) return std::nullopt;
  m.name = at.rest_after_blanks();
  return m;
}

}  // namespace

Result<std::vector<Mapping>> parse_maps(std::string_view text) {
  std::vector<Mapping> mappings;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    auto mapping = parse_line(line);
    if (!mapping) return fail(ErrorCode::invalid, fmt::format("line {} is not a mapping", number));
    if (!mappings.empty() && mapping->begin < mappings.back().end) {
      return fail(ErrorCode::invalid, fmt::format("line {} overlaps the one before it", number));
    }
    mappings.push_back(*std::move(mapping));
  }
  return mappings;
}

}  // namespace sonde::memory

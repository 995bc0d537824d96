#include "suppress/source.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::suppress {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(line_space);
  if (begin == std::string_view::npos) return text.substr(0, 0);
  return text.substr(begin, text.find_last_not_of(line_space) + 1 - begin);
}

std::optional<Line> Lines::next() {
  if (kept_) return std::exchange(kept_, std::nullopt);
  if (rest_.empty()) return std::nullopt;
  const std::size_t end = std::min(rest_.find('\n'), rest_.size());
  Line line;
  line.whole = rest_.substr(0, end);
  line.text = trimmed(line.whole);
  line.number = ++number_;
  rest_.remove_prefix(std::min(end + 1, rest_.size()));
  return line;
}

void ProblemList::add(const Line& line, std::string_view at, std::string_view message,
                      std::string_view hint) {
  if (++count_ > limits::suppression_problems) {
    ++left_out_;
    return;
  }
  const auto begin = static_cast<std::uint32_t>(at.data() - line.whole.data());
  const Span span{begin, begin + static_cast<std::uint32_t>(at.size())};
  Problem problem;
  problem.file = file_;
  problem.line = line.number;
  problem.column = begin + 1;
  problem.message = message;
  problem.block = fmt::format("{}:{}:{}: {}", printable(file_name_), line.number, problem.column,
                              diagnostic(line.whole, span, message, hint));
  kept_.push_back(std::move(problem));
}

void ProblemList::add_of_record(const Line& line, std::string_view at, std::string_view message,
                                std::string_view hint) {
  const std::size_t before = left_out_;
  add(line, at, message, hint);
  if (left_out_ == before) kept_.back().in_record = true;
}

}  // namespace sonde::suppress

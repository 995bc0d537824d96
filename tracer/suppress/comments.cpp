#include "suppress/comments.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::suppress {

namespace {

using Date = std::chrono::sys_days;

bool same_word(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](unsigned char a, unsigned char b) { return std::tolower(a) == b; });
}

std::string_view words_of(std::string_view comment) {
  comment.remove_prefix(std::min(comment.find_first_not_of('#'), comment.size()));
  return trimmed(comment);
}

void append(std::string& to, std::string_view text, std::string_view separator) {
  if (text.empty()) return;
  if (!to.empty()) to += separator;
  to += text;
}

std::optional<int> number_of(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value < 0) return std::nullopt;
  return value;
}

// The date that a text begins with: 2026-01-09.
std::optional<Date> date_of(std::string_view text) {
  if (text.size() < 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  if (text.size() > 10 && std::isalnum(static_cast<unsigned char>(text[10])) != 0) return std::nullopt;
  const auto year = number_of(text.substr(0, 4));
  const auto month = number_of(text.substr(5, 2));
  const auto day = number_of(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return Date(date);
}

}  // namespace

void Comments::add(const Line& line) {
  any_ = true;
  if (bytes_ + line.text.size() > limits::suppression_comment_bytes) return;
  bytes_ += line.text.size();
  lines_.push_back(line);
}

void Comments::clear() {
  lines_.clear();
  bytes_ = 0;
  any_ = false;
}

std::string Comments::heading() const {
  constexpr std::string_view drawn = "#=-*~_+ \t";
  std::string text;
  for (const Line& line : lines_) {
    const std::size_t begin = line.text.find_first_not_of(drawn);
    if (begin == std::string_view::npos) continue;
    append(text, line.text.substr(begin, line.text.find_last_not_of(drawn) + 1 - begin), " ");
  }
  return text;
}

Record Comments::record(ProblemList& problems) const {
  struct Field {
    std::string_view name;  // In lower case.
    std::string Record::*text;
    std::optional<Date> Record::*date;
  };
  static constexpr std::array<Field, 4> fields = {{{"reference", &Record::reference, nullptr},
                                                   {"status", &Record::status, nullptr},
                                                   {"tested", &Record::tested, &Record::tested_on},
                                                   {"reviewed", &Record::reviewed, &Record::reviewed_on}}};
  Record record;
  for (const Line& line : lines_) {
    const std::string_view words = words_of(line.text);
    const std::size_t colon = words.find(':');
    const auto* field = colon == std::string_view::npos
                            ? fields.end()
                            : std::find_if(fields.begin(), fields.end(), [&](const Field& known) {
                                return same_word(words.substr(0, colon), known.name);
                              });
    if (field == fields.end()) {
      append(record.why, words, " ");
      continue;
    }
    const std::string_view value = trimmed(words.substr(colon + 1));
    append(record.*field->text, value, "; ");
    if (field->date == nullptr) continue;
    const auto date = date_of(value);
    if (!date) {
      problems.add_of_record(line, value.empty() ? words : value,
                             fmt::format("behind '{}' stands a date", shown(words.substr(0, colon + 1))),
                             "such as 2026-01-09");
    } else if (!(record.*field->date) || *date > *(record.*field->date)) {
      record.*field->date = date;
    }
  }
  return record;
}

}  // namespace sonde::suppress

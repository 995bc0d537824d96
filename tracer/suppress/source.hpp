// The lines of a suppression file, and how a mistake in one is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/base/diagnostic.hpp"
#include "sonde/suppress/parser.hpp"

namespace sonde::suppress {

// What C's isspace() takes for space, less the newline: both tools cut it off a line.
inline constexpr std::string_view line_space = " \t\v\f\r";

std::string_view trimmed(std::string_view text);

struct Line {
  std::string_view whole;  // Without its newline.
  std::string_view text;   // Trimmed; a view into `whole`.
  std::uint32_t number = 0;

  bool empty() const { return text.empty(); }
  bool comment() const { return text.starts_with('#'); }
};

class Lines {
 public:
  explicit Lines(std::string_view text) : rest_(text) {}

  // The next line; nullopt at the end.
  std::optional<Line> next();
  // The line that was given last is given again.
  void put_back(const Line& line) { kept_ = line; }

 private:
  std::string_view rest_;
  std::optional<Line> kept_;
  std::uint32_t number_ = 0;
};

// Keeps the mistakes of one file: as many as suppression_problems says, and the number of the others.
class ProblemList {
 public:
  ProblemList(std::string_view file_name, std::uint32_t file, std::vector<Problem>& kept)
      : file_name_(file_name), file_(file), kept_(kept) {}

  // A mistake in the part `at` of line.whole.
  void add(const Line& line, std::string_view at, std::string_view message, std::string_view hint = {});
  // The same in a comment, which spoils no entry.
  void add_of_record(const Line& line, std::string_view at, std::string_view message, std::string_view hint);

  // How many there were, kept or not.
  std::size_t count() const { return count_; }
  std::size_t left_out() const { return left_out_; }

 private:
  std::string file_name_;
  std::uint32_t file_;
  std::vector<Problem>& kept_;
  std::size_t count_ = 0;
  std::size_t left_out_ = 0;
};

}  // namespace sonde::suppress

#include "sonde/suppress/parser.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"
#include "sonde/base/read_file.hpp"
#include "suppress/block.hpp"
#include "suppress/comments.hpp"

namespace sonde::suppress {

// One file.
class Parser {
 public:
  Parser(std::string_view text, Suppressions& into)
      : lines_(text),
        into_(into),
        file_(static_cast<std::uint32_t>(into.files_.size() - 1)),
        problems_(into.files_.back(), file_, into.problems_) {}

  // How many problems were not kept.
  std::size_t parse() {
    for (auto line = lines_.next(); line && !full(*line); line = lines_.next()) parse(*line);
    return problems_.left_out();
  }

 private:
  void parse(const Line& line) {
    if (line.empty()) {
      if (!comments_.empty()) category_ = comments_.heading();
      comments_.clear();
      record_ = nullptr;
    } else if (line.comment()) {
      comments_.add(line);
    } else if (line.whole.size() > limits::suppression_line_bytes) {
      complain(line, fmt::format("this line is longer than {} bytes", limits::suppression_line_bytes));
    } else {
      parse_entry(line);
    }
  }

  void parse_entry(const Line& line) {
    if (!comments_.empty() || !record_) {
      Record record = comments_.record(problems_);
      record.category = category_;
      record_ = std::make_shared<const Record>(std::move(record));
      comments_.clear();
    }
    if (line.text == "{") {
      if (auto made = BlockParser(lines_, problems_).parse(line)) keep(*std::move(made));
    } else if (line.text.starts_with("leak:")) {
      Suppression made;
      made.name = line.text.substr(5);
      made.line = line.number;
      keep(std::move(made));
    } else {
      complain_of_start(line);
    }
  }

  // What stands where an entry should begin.
  void complain_of_start(const Line& line) {
    constexpr std::array<std::string_view, 5> inside = {"fun:", "obj:", "src:", "...", "match-leak-kinds:"};
    constexpr std::array<std::string_view, 1> types = {"leak"};
    const std::size_t colon = line.text.find(':');
    if (line.text == "}") {
      complain(line, "no suppression is open here");
    } else if (line.text.starts_with('{')) {
      complain(line, "the brace that begins a suppression stands alone on its line");
    } else if (std::any_of(inside.begin(), inside.end(),
                           [&](std::string_view word) { return line.text.starts_with(word); })) {
      complain(line, "this stands in no suppression", "a line with { alone begins one");
    } else {
      const bool near =
          colon != std::string_view::npos && !nearest(line.text.substr(0, colon), types).empty();
      complain(line, "a suppression begins with 'leak:' or '{'", did_you_mean(near ? "leak:" : ""));
    }
  }

  void keep(Suppression made) {
    made.file = file_;
    made.record = record_;
    into_.all_.push_back(std::move(made));
  }

  bool full(const Line& line) {
    if (into_.all_.size() < limits::suppression_entries || line.empty() || line.comment()) return false;
    complain(line, fmt::format("there are more than {} suppressions; what follows is left out",
                               limits::suppression_entries));
    return true;
  }

  void complain(const Line& line, std::string_view message, std::string_view hint = {}) {
    problems_.add(line, line.text, message, hint);
  }

  Lines lines_;
  Suppressions& into_;
  std::uint32_t file_;
  ProblemList problems_;
  Comments comments_;
  std::shared_ptr<const Record> record_;  // Of the entries that follow each other now.
  std::string category_;
};

void Suppressions::add(std::string name, std::string_view text) {
  files_.push_back(std::move(name));
  problems_left_out_ += Parser(text.substr(0, limits::suppression_file_bytes), *this).parse();
  if (text.size() <= limits::suppression_file_bytes) return;
  const Line first{text.substr(0, 0), text.substr(0, 0), 1};
  ProblemList problems(files_.back(), static_cast<std::uint32_t>(files_.size() - 1), problems_);
  problems.add(first, first.text,
               fmt::format("the file is larger than {} bytes; what is behind them is left out",
                           limits::suppression_file_bytes));
}

Result<void> Suppressions::add_file(const std::string& path) {
  const auto text = read_file(path, limits::suppression_file_bytes);
  if (!text) return Failure(text.error());
  add(path, *text);
  return {};
}

}  // namespace sonde::suppress

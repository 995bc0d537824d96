// A block of valgrind's, from its brace to its brace.
#pragma once

#include <optional>
#include <string_view>

#include "suppress/source.hpp"

namespace sonde::suppress {

class BlockParser {
 public:
  BlockParser(Lines& lines, ProblemList& problems) : lines_(lines), problems_(problems) {}

  // Reads what follows the line `open`, up to the closing brace, or to an opening one, which is left. nullopt
  // where there were mistakes: all of them were told.
  std::optional<Suppression> parse(const Line& open);

 private:
  std::optional<Line> next_inside();
  void parse_tools(const Line& line, Suppression& made);
  void parse_kind(const Line& line, std::string_view kind, Suppression& made);
  void parse_places(Suppression& made);
  void parse_leak_kinds(const Line& line, Suppression& made);
  std::optional<Place> parse_place(const Line& line);
  std::optional<Place> parse_source(const Line& line, std::string_view file_and_line);
  void skip();
  void complain(const Line& line, std::string_view at, std::string_view message, std::string_view hint = {});

  Lines& lines_;
  ProblemList& problems_;
  Line open_;
  bool good_ = true;
  bool closed_ = false;  // Nothing more of it is to come.
};

}  // namespace sonde::suppress

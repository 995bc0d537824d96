// The comments above entries, as records and headings.
#pragma once

#include <string>
#include <vector>

#include "suppress/source.hpp"

namespace sonde::suppress {

// Comment lines that follow each other; suppression_comment_bytes of them are kept.
class Comments {
 public:
  void add(const Line& line);
  bool empty() const { return !any_; }
  void clear();

  // As a heading: their text in one line, without what only draws lines.
  std::string heading() const;
  // As a record, without its category. A date that cannot be read is told.
  Record record(ProblemList& problems) const;

 private:
  std::vector<Line> lines_;
  std::size_t bytes_ = 0;
  bool any_ = false;
};

}  // namespace sonde::suppress

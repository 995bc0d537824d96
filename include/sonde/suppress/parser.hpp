// Reads suppression files: LeakSanitizer's lines (sanitizer_suppressions.cpp of LLVM 14) and valgrind's
// blocks (its manual, 2.5 and 4.4, and m_errormgr.c of 3.19), mixed as one likes.
//
//   # What follows, as a heading
//
//   # why, Reference:, Status:, Tested:, Reviewed:
//   leak:libfoo.so
//   {
//      name
//      Memcheck:Leak
//      match-leak-kinds: reachable
//      fun:malloc
//      ...
//   }
//
// The comments directly above an entry are its record, and that of the entries that follow without an empty
// line or a comment in between. Comments with an empty line below them are the heading of what follows.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/suppress/suppression.hpp"

namespace sonde::suppress {

// A mistake in a file.
struct Problem {
  std::uint32_t file = 0;
  std::uint32_t line = 0;    // From 1.
  std::uint32_t column = 0;  // From 1, in bytes.
  std::string message;
  // "FILE:LINE:COLUMN: error: MESSAGE", the line and a caret below it; safe to print, without a trailing
  // newline.
  std::string block;
  // A comment was not understood: the entry below it holds, as the tools that know no such record have it.
  bool in_record = false;
};

// Some files and what is in them, in the order in which they were added.
class Suppressions {
 public:
  // Parses `text`. An entry with a mistake is left out, a Problem is kept and reading goes on behind it. Of a
  // file as many problems are kept as suppression_problems says; problems_left_out() counts the others.
  // Beyond suppression_file_bytes or suppression_entries the rest is left out, with a problem that says so.
  void add(std::string name, std::string_view text);

  // Reads a file, or whatever the path leads to that can be read to its end. Fails, with nothing added, where
  // it cannot be read or is larger than suppression_file_bytes.
  Result<void> add_file(const std::string& path);

  const std::vector<std::string>& files() const { return files_; }
  const std::vector<Suppression>& all() const { return all_; }
  const std::vector<Problem>& problems() const { return problems_; }
  std::size_t problems_left_out() const { return problems_left_out_; }

 private:
  friend class Parser;

  std::vector<std::string> files_;
  std::vector<Suppression> all_;
  std::vector<Problem> problems_;
  std::size_t problems_left_out_ = 0;
};

// What sonde itself takes for known and harmless (tracer/suppress/default.supp), as text.
std::string_view default_suppressions();

}  // namespace sonde::suppress

// What is wrong with suppressions, beside what cannot be read.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sonde/suppress/leak_report.hpp"
#include "sonde/suppress/parser.hpp"

namespace sonde::suppress {

struct Finding {
  enum class Kind : std::uint8_t { syntax, duplicate, too_broad, not_reviewed, unused };

  Kind kind = Kind::syntax;
  std::uint32_t file = 0;
  std::uint32_t line = 0;
  Format format = Format::lsan;  // Of the entry, as the name is; not of syntax.
  std::string name;
  std::string message;  // What is wrong, in words. Safe to print.
  std::string block;    // Of syntax: Problem::block.
};

// "too_broad", as JSON has it.
std::string_view name_of(Finding::Kind kind);

// The program's own code, which nothing should hide.
struct ProgramCode {
  std::vector<std::string> objects;  // The paths that it goes by.
  struct Function {
    std::string linkage_name;
    std::string function;  // As people write it.
  };
  std::vector<Function> functions;
};

struct CheckOptions {
  std::chrono::sys_days today;
  unsigned reviewed_within = 365;        // Days.
  bool undated = false;                  // Tell entries without any date as well.
  const ProgramCode* program = nullptr;  // Null: not known.
  const std::vector<ReportedUse>* report = nullptr;
};

// All findings, in the order of the files and their lines.
//   syntax        each of problems()
//   duplicate     matches nothing that another entry does not match as well, as far as that can be told
//   too_broad     matches what nearly every stack has, or all, or code of the program itself
//   not_reviewed  the later of Tested: and Reviewed: is older than that
//   unused        by the report it matched nothing: its count is 0, or it is not there
std::vector<Finding> check(const Suppressions& suppressions, const CheckOptions& options);

// The files with entries about leaks of which a report has none: it was not made with them.
std::vector<std::string> unknown_files(const Suppressions& suppressions,
                                       const std::vector<ReportedUse>& report);

// Those of check(), one kind each; for it and for tests.
std::vector<Finding> find_duplicates(const Suppressions& suppressions);
std::vector<Finding> find_too_broad(const Suppressions& suppressions, const ProgramCode* program);

}  // namespace sonde::suppress

// Looks up the names that the language takes: system calls, classes, constants, errnos, signals.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/filter/typed.hpp"

namespace sonde::filter {

// Whether `text` holds * or ?.
bool is_glob(std::string_view text);
// Whether `text` as a whole fits `pattern`. Time is bounded by the product of the lengths; no recursion.
bool glob_matches(std::string_view pattern, std::string_view text);

// The calls of every ABI whose row passes. `passes(const syscall::Row&)`.
template <typename Passes>
SyscallSet calls_where(Passes passes) {
  SyscallSet set;
  for (const Abi abi : {Abi::x86_64, Abi::i386, Abi::x32}) {
    for (const syscall::Row& row : syscall::rows(abi)) {
      if (passes(row)) set.insert(abi, row.nr);
    }
  }
  return set;
}

SyscallSet calls_named(std::string_view name);
SyscallSet calls_like(std::string_view glob);
SyscallSet calls_matching(const re2::RE2& regex);
SyscallSet calls_of(syscall::Class wanted);
// The names of all calls of all ABIs, sorted, each once.
std::span<const std::string_view> syscall_names();

std::optional<int> errno_named(std::string_view name);
std::span<const std::string_view> errno_names();
// With or without SIG when `loose`, case ignored then.
std::optional<int> signal_named(std::string_view name, bool loose = false);
std::span<const std::string_view> signal_names();

// Every place where a flag of that name stands; empty when none does.
std::vector<FlagCase> flag_named(std::string_view name);

// Compiled for bytes, with at most `bytes` of memory. The error is RE2's own text.
struct Regex {
  std::shared_ptr<const re2::RE2> compiled;  // Null on failure.
  std::string error;
};
Regex compile_regex(std::string_view pattern, std::int64_t bytes);

}  // namespace sonde::filter

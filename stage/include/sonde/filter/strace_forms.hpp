// strace's own words for what to trace, as expressions: -e trace=, status=, signal=, -P, -z, -Z, and
// descriptors.
//
// As with strace, a form says nothing of events that it is not about: `-e trace=open` leaves signals shown,
// so it means `kind != syscall || syscall == open`. Of several forms of one qualifier the last counts, paths
// add up; different qualifiers, and expressions, all must hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/filter/typed.hpp"

namespace sonde::filter {

enum class Qualifier : std::uint8_t {
  trace,
  status,
  signal,
  fds,  // trace-fds, fd
  // What follows is no filter, and its caller's business.
  abbrev,
  verbose,
  raw,
  read,
  write,
  inject,
  fault,
  quiet,
  decode_fds,
  decode_pids,
  kvm,
};

struct Qualified {
  Qualifier qualifier;
  std::string_view value;
};

// "trace=open" is trace and "open"; strace's short spellings (t=, s=, q= ...) are known. Empty when `text`
// does not begin with a qualifier and a single '='.
std::optional<Qualified> qualifier_of(std::string_view text);

// What the options on a command line add up to.
class Selection {
 public:
  // The argument of one -e: a qualifier's form, a plain list of calls (`open,read`, `%file`, `!close`,
  // `/^epoll/`), or an expression. An error's caret stands in `text`. A qualifier that is no filter is an
  // error too.
  Result<void> add(std::string_view text);
  // -P PATH: calls on that path, also by a descriptor. A relative or indirect path should be added in its
  // resolved form as well. Several add up, also with descriptors.
  Result<void> add_path(std::string_view path);
  // -z and -Z: the last of them and of status= counts.
  Result<void> add_successful_only() { return add("status=successful"); }
  Result<void> add_failed_only() { return add("status=failed"); }

  // All of it, or empty when nothing narrows anything.
  std::optional<TypedExpr> expression() const;

 private:
  Result<void> trace(std::string_view text, std::string_view value);
  Result<void> status(std::string_view text, std::string_view value);
  Result<void> signal(std::string_view text, std::string_view value);
  Result<void> fds(std::string_view text, std::string_view value);
  Result<void> update_files();

  std::optional<TypedExpr> trace_;
  std::optional<TypedExpr> status_;
  std::optional<TypedExpr> signal_;
  std::optional<TypedExpr> files_;
  std::string fd_clause_;
  std::vector<std::string> path_clauses_;
  std::vector<TypedExpr> expressions_;
};

}  // namespace sonde::filter

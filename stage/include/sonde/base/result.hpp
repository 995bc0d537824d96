// How sonde reports failure: absence is std::optional, failure is Result<T>, a broken invariant of our own is
// SONDE_CHECK. Nothing in sonde throws across a layer.
#pragma once

#include <string>
#include <string_view>

#include <tl/expected.hpp>

namespace sonde {

// What kind of failure it was, for code that must react; the text for people is Error::context.
enum class ErrorCode {
  gone,          // The tracee or task no longer exists: ordinary, since SIGKILL can end it at any moment.
  permission,    // The kernel refused.
  not_found,     // A file, program or process that does not exist.
  not_runnable,  // A program that exists but cannot be executed.
  invalid,       // Input that does not parse or does not make sense.
  limit,         // Input beyond a bound of base/limits.hpp.
  io,            // Reading or writing failed.
  unsupported,   // The kernel or the build lacks what is needed.
};

struct Error {
  ErrorCode code;
  int errno_value = 0;  // 0 when no system call was involved.
  std::string context;  // What failed, on what, and where it helps, what to do. No trailing newline.

  // "context: strerror(errno_value)", or the context alone when errno_value is 0.
  std::string message() const;
};

template <typename T>
using Result = tl::expected<T, Error>;

using Failure = tl::unexpected<Error>;

// A failure without a system call behind it.
Failure fail(ErrorCode code, std::string context);

// A failure of a system call: the code follows from errno_value (ESRCH is gone, EPERM and EACCES are
// permission, ENOENT is not_found, everything else io).
Failure fail_errno(int errno_value, std::string context);

// Prints the broken invariant to standard error and aborts. Stays on in release builds.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace sonde

#define SONDE_CHECK(expression) \
  (static_cast<bool>(expression) ? void(0) : ::sonde::check_failed(#expression, __FILE__, __LINE__))

#include "sonde/base/result.hpp"

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace sonde {

std::string Error::message() const {
  if (errno_value == 0) return context;
  return context + ": " + std::strerror(errno_value);
}

Failure fail(ErrorCode code, std::string context) { return Failure(Error{code, 0, std::move(context)}); }

Failure fail_errno(int errno_value, std::string context) {
  ErrorCode code = ErrorCode::io;
  switch (errno_value) {
    case ESRCH:
      code = ErrorCode::gone;
      break;
    case EPERM:
    case EACCES:
      code = ErrorCode::permission;
      break;
    case ENOENT:
      code = ErrorCode::not_found;
      break;
    default:
      break;
  }
  return Failure(Error{code, errno_value, std::move(context)});
}

void check_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "sonde: internal error: %s does not hold at %s:%d; please report this\n", expression,
               file, line);
  std::abort();
}

}  // namespace sonde

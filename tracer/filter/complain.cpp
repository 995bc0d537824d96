#include "sonde/filter/diagnostic.hpp"

namespace sonde::filter {

Failure complain(std::string_view source, Span at, std::string_view message, std::string_view hint) {
  return fail(ErrorCode::invalid, diagnostic(source, at, message, hint));
}

}  // namespace sonde::filter

#include "sonde/filter/text_pattern.hpp"

#include <utility>

#include <re2/re2.h>

#include "names.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::filter {

Result<std::function<bool(std::string_view)>> text_pattern(const std::string& expression) {
  auto compiled = compile_regex(expression, limits::filter_regex_bytes);
  if (!compiled.compiled) return fail(ErrorCode::invalid, std::move(compiled.error));
  return [regex = std::move(compiled.compiled)](std::string_view text) {
    return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), *regex);
  };
}

}  // namespace sonde::filter

#include "sonde/suppress/frame_names.hpp"

#include <algorithm>
#include <array>

namespace sonde::suppress {

namespace {

constexpr std::string_view unknown = "???";

// Where "operator" begins, if the text names one: what follows it must not be taken for brackets.
std::size_t operator_at(std::string_view text) {
  constexpr std::string_view word = "operator";
  for (std::size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
    const bool begins = at == 0 || text[at - 1] == ':' || text[at - 1] == ' ';
    const std::size_t end = at + word.size();
    const bool ends =
        end < text.size() && std::string_view("<>=!+-*/%&|^~,([ ").find(text[end]) != std::string_view::npos;
    if (begins && ends) return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::string_view unqualified(std::string_view demangled) {
  const std::size_t named = operator_at(demangled);
  if (named != std::string_view::npos) {
    const std::string_view rest = demangled.substr(named);
    const std::size_t call = rest.starts_with("operator()") ? 10 : 8;
    return rest.substr(0, rest.find('(', call));
  }
  // The parameters are what the first parenthesis outside of template arguments begins; "(anonymous
  // namespace)" and the like stand before a name.
  std::size_t begin = 0;
  std::size_t depth = 0;
  for (std::size_t i = 0; i < demangled.size(); ++i) {
    const char c = demangled[i];
    if (c == '(' && depth == 0) {
      const std::size_t close = demangled.find(')', i);
      if (close == std::string_view::npos || !demangled.substr(close + 1).starts_with("::"))
        return demangled.substr(begin, i - begin);
      i = close;
    } else if (c == '<' || c == '(') {
      ++depth;
    } else if (c == '>' || c == ')') {
      depth -= depth > 0 ? 1 : 0;
    } else if (depth == 0 && (c == ':' || c == ' ')) {
      begin = i + 1;
    }
  }
  return demangled.substr(begin);
}

std::string_view lsan_function(const Frame& frame) {
  return frame.function.empty() ? frame.linkage_name : frame.function;
}

std::string_view valgrind_function(const Frame& frame) {
  if (frame.inlined) {
    const std::string_view name = unqualified(lsan_function(frame));
    return name.empty() ? unknown : name;
  }
  const std::string_view name = frame.linkage_name.empty() ? frame.function : frame.linkage_name;
  // Names with a version (__libc_start_main@@GLIBC_2.34) are none of these for valgrind 3.19.
  constexpr std::array<std::string_view, 4> below_main = {"__libc_start_main", "__libc_start_call_main",
                                                          "generic_start_main", "_start"};
  if (std::find(below_main.begin(), below_main.end(), name) != below_main.end()) return "(below main)";
  return name.empty() ? unknown : name;
}

std::string_view valgrind_object(const Frame& frame) { return frame.module.empty() ? unknown : frame.module; }

std::string_view valgrind_source(const Frame& frame) {
  const std::size_t slash = frame.file.rfind('/');
  return slash == std::string_view::npos ? frame.file : frame.file.substr(slash + 1);
}

}  // namespace sonde::suppress

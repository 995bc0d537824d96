#include "sonde/names/demangle.hpp"

#include <csetjmp>
#include <libiberty/demangle.h>
#include <utility>

#include "rust_demangle.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::names {

namespace {

// Takes what libiberty prints. libiberty's callback has no way to say "enough", so that is a jump out of it:
// at that stage libiberty holds nothing but its stack, and neither do the frames in between.
struct Output {
  std::string text;
  std::jmp_buf enough = {};
};

void append(const char* piece, std::size_t size, void* opaque) {
  auto& output = *static_cast<Output*>(opaque);
  if (size > limits::demangled_bytes - output.text.size()) std::longjmp(output.enough, 1);
  output.text.append(piece, size);
}

// libiberty tries each conversion operator ("cv") in two ways, and so takes exponential time for many of them
// in each other. "2cv" is the namespace of a well-known library, unless it follows a constructor ("C2").
std::size_t conversions(std::string_view name) {
  std::size_t count = 0;
  for (std::size_t at = name.find("cv"); at != std::string_view::npos; at = name.find("cv", at + 2)) {
    const bool identifier = at >= 2 && name[at - 1] == '2' && name[at - 2] != 'C' && name[at - 2] != 'D';
    count += !identifier;
  }
  return count;
}

std::optional<std::string> demangle_cxx(const std::string& name) {
  // libiberty's own limit refuses names of more than 1,024 characters, which real templates have. Without it
  // the depth is bounded by the length.
  constexpr int options = DMGL_PARAMS | DMGL_ANSI | DMGL_NO_RECURSE_LIMIT;
  Output output;
  if (setjmp(output.enough) != 0) return std::nullopt;
  if (::cplus_demangle_v3_callback(name.c_str(), options, append, &output) == 0) return std::nullopt;
  return std::move(output.text);
}

}  // namespace

std::optional<std::string> demangle(std::string_view name) {
  name = name.substr(0, name.find('@'));
  if (name.size() > limits::demangle_input_bytes || name.find('\0') != std::string_view::npos)
    return std::nullopt;
  if (auto rust = demangle_rust(name)) return rust;
  if (!name.starts_with("_Z") || conversions(name) > limits::demangle_conversions) return std::nullopt;
  return demangle_cxx(std::string(name));
}

}  // namespace sonde::names

#include "sonde/stacks/site.hpp"

#include <algorithm>
#include <array>

namespace sonde::stacks {

namespace {

// What the names of their files begin with, up to the version.
constexpr std::array<std::string_view, 21> runtime_files = {
    "libc.so",      "libc-2.",        "libpthread.so", "libpthread-2.", "ld-linux-",    "ld-2.",
    "ld-musl-",     "libc.musl-",     "libstdc++.so",  "libc++.so",     "libc++abi.so", "libgcc_s.so",
    "libsupc++.so", "libjemalloc.so", "libtcmalloc",   "libmimalloc",   "libhoard.so",  "libasan.so",
    "libdl.so",     "[vdso]",         "librt.so",
};

constexpr std::array<std::string_view, 5> runtime_functions = {"std::", "__gnu_cxx::", "operator new",
                                                               "operator delete", "__libc_start_"};

bool begins_with_any(std::string_view text, const auto& beginnings) {
  return std::any_of(beginnings.begin(), beginnings.end(),
                     [&](std::string_view beginning) { return text.starts_with(beginning); });
}

// The last space that separates a return type from what it is the type of: outside of all brackets.
std::size_t after_return_type(std::string_view text) {
  std::size_t after = 0;
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '<' || c == '(' || c == '{') ++depth;
    if (c == '>' || c == ')' || c == '}') --depth;
    if (c == ' ' && depth == 0) after = i + 1;
  }
  return after;
}

}  // namespace

std::string_view without_parameters(std::string_view function) {
  constexpr std::string_view anonymous =
      "(anonymous";  // A namespace or, of debug information, a lambda's type.
  constexpr std::string_view call_operator = "operator()";
  std::size_t end = 0;
  for (int depth = 0; end < function.size(); ++end) {
    if (function.substr(end).starts_with(call_operator)) {
      end += call_operator.size() - 1;
    } else if (function.substr(end).starts_with(anonymous)) {
      end += anonymous.size() - 1;
    } else if (function[end] == '<' || function[end] == '{') {
      ++depth;
    } else if (function[end] == '>' || function[end] == '}') {
      --depth;
    } else if (function[end] == '(' && depth <= 0) {
      break;
    }
  }
  // "operator new", "operator bool" and their like have a space in them, and no return type to speak of.
  const std::string_view name = function.substr(0, end);
  if (end == function.size() || name.find("operator ") != std::string_view::npos) return name;
  return name.substr(after_return_type(name));
}

bool is_runtime(std::string_view module_path) {
  module_path.remove_prefix(module_path.rfind('/') + 1);
  return std::any_of(runtime_files.begin(), runtime_files.end(), [&](std::string_view name) {
    if (!module_path.starts_with(name)) return false;
    const std::string_view rest = module_path.substr(name.size());
    return rest.empty() || name.ends_with('-') || name.ends_with('.') || rest.front() == '.' ||
           rest.front() == '_' || rest.front() == '-';
  });
}

bool is_site(std::string_view module_path, std::string_view function, const SkipFunction& skip) {
  return !is_runtime(module_path) && !begins_with_any(without_parameters(function), runtime_functions) &&
         !(skip && skip(module_path, function));
}

std::optional<Site> site_of(const Stack& stack, pid_t pid, Namer& namer, const SkipFunction& skip) {
  for (const event::FrameAddress& frame : stack.frames) {
    const NamedFrame named = namer.name(pid, frame);
    const std::string_view module = named.module != nullptr ? std::string_view(named.module->path) : "";
    if (named.functions->empty() && is_site(module, {}, skip)) return Site{module, {}, {}, 0};
    for (const Function& function : *named.functions) {
      if (!is_site(module, function.name, skip)) continue;
      return Site{module, function.name, function.file, function.line};
    }
  }
  return std::nullopt;
}

}  // namespace sonde::stacks

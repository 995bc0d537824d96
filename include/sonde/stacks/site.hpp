// The site of a stack: where in the program's own code an event comes from.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>

#include "sonde/stacks/namer.hpp"

namespace sonde::stacks {

struct Site {
  std::string_view module;    // The file's path; empty where there is none.
  std::string_view function;  // Empty when it has no name.
  std::string_view file;
  std::uint32_t line = 0;
};

// A demangled name without return type and parameters: "ns::parse<int>" of "void ns::parse<int>(char
// const*)". Other names come back as they are.
std::string_view without_parameters(std::string_view function);

// Whether frames of this function are passed over although their module is not: --site-skip.
using SkipFunction = std::function<bool(std::string_view module, std::string_view function)>;

// Whether a module is a C or C++ runtime library, the loader, the vDSO or an allocator, by the name of its
// file.
bool is_runtime(std::string_view module_path);

// Whether a function may be a site: outside of the runtime libraries and of namespace std, and not skipped.
// `skip` may be empty, and so may the name of a function that has none.
bool is_site(std::string_view module_path, std::string_view function, const SkipFunction& skip);

// The innermost function outside of the runtime libraries, and, inlined or instantiated, of namespace std;
// inlined ones count. `skip` may be empty. Empty when there is no such frame. The views stay valid until the
// namer's next call.
std::optional<Site> site_of(const Stack& stack, pid_t pid, Namer& namer, const SkipFunction& skip);

}  // namespace sonde::stacks

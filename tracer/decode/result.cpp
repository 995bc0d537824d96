// What a call returned.
#include <cstring>

#include <fmt/format.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

// The kernel's own errors, which reach a tracer but never the program.
struct Restart {
  int error;
  std::string_view text;
};
constexpr Restart restarts[] = {
    {512, "ERESTARTSYS (To be restarted if SA_RESTART is set)"},
    {513, "ERESTARTNOINTR (To be restarted)"},
    {514, "ERESTARTNOHAND (To be restarted if no handler)"},
    {516, "ERESTART_RESTARTBLOCK (Interrupted by signal)"},
};

std::string error_text(int error) {
  for (const auto& restart : restarts) {
    if (restart.error == error) return fmt::format("? {}", restart.text);
  }
  const std::string_view name = syscall::errno_name(error);
  const char* description = ::strerrordesc_np(error);
  const std::string explained = description != nullptr ? description : fmt::format("Unknown error {}", error);
  if (name.empty()) return fmt::format("-1 ERRNO_{} ({})", error, explained);
  return fmt::format("-1 {} ({})", name, explained);
}

// A result is a value where an argument of the same kind may be a pointer.
void render_value(const Value& value, syscall::Kind kind) {
  switch (kind) {
    case syscall::Kind::fd:
      return print_new_fd(value, static_cast<int>(value.raw));
    case syscall::Kind::address:
      return value.out.hex(as_word(value, value.raw));
    case syscall::Kind::none:
      return value.out.integer(as_signed_word(value, value.raw));
    default:
      return render(kind, value);
  }
}

}  // namespace

void render_result(const Call& call, const Style& style, Writer& out) {
  const auto& exit = *call.exit;
  if (exit.failed)
    return out.verbatim(error_text(static_cast<int>(0 - static_cast<std::uint64_t>(exit.ret))));
  render_value({call, 0, static_cast<std::uint64_t>(exit.ret), style, out}, call.row->returns);
}

}  // namespace sonde::decode

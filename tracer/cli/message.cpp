#include "sonde/cli/message.hpp"

#include <unistd.h>

#include <string>

#include <fmt/format.h>

namespace sonde::cli {

void complain(std::string_view text) { write_block(fmt::format("sonde: {}", text)); }

void complain(const Error& error) { complain(error.message()); }

void write_block(std::string_view text) {
  const std::string lines = fmt::format("{}\n", text);
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, lines.data(), lines.size());
}

}  // namespace sonde::cli

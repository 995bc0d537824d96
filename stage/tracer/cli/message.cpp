#include "sonde/cli/message.hpp"

#include <string>
#include <unistd.h>

#include <fmt/format.h>

namespace sonde::cli {

// Names of files and programs may hold anything: a message stays one line, and harmless to a terminal.
void complain(std::string_view text) {
  std::string line = "sonde: ";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      line += fmt::format("\\x{:02x}", byte);
    } else {
      line += c;
    }
  }
  write_block(line);
}

void complain(const Error& error) { complain(error.message()); }

void write_block(std::string_view text) {
  const std::string lines = fmt::format("{}\n", text);
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, lines.data(), lines.size());
}

}  // namespace sonde::cli

#include "sonde/cli/message.hpp"

#include <unistd.h>

#include <string>

#include <fmt/format.h>

namespace sonde::cli {

void complain(std::string_view text) {
  const std::string line = fmt::format("sonde: {}\n", text);
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

void complain(const Error& error) { complain(error.message()); }

}  // namespace sonde::cli

#include "sonde/probes/text.hpp"

#include <fcntl.h>
#include <string>
#include <unistd.h>

namespace sonde::probes {

Text::Text(pid_t pid)
    : memory_(::open(("/proc/" + std::to_string(pid) + "/mem").c_str(), O_RDWR | O_CLOEXEC)) {}

bool Text::read(Address address, std::span<std::byte> into) const {
  return memory_ && ::pread(memory_.value(), into.data(), into.size(), static_cast<off_t>(address.value)) ==
                        static_cast<ssize_t>(into.size());
}

bool Text::write(Address address, Bytes bytes) const {
  return memory_ && ::pwrite(memory_.value(), bytes.data(), bytes.size(),
                             static_cast<off_t>(address.value)) == static_cast<ssize_t>(bytes.size());
}

std::optional<std::byte> Text::byte_at(Address address) const {
  std::byte byte;
  if (!read(address, {&byte, 1})) return std::nullopt;
  return byte;
}

}  // namespace sonde::probes

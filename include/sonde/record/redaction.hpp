// What --redact leaves out of an event, decided before the bytes enter the ring.
#pragma once

#include <cstdint>
#include <optional>

#include "sonde/event/frame.hpp"
#include "sonde/record/options.hpp"
#include "sonde/syscall/kind.hpp"

namespace sonde::record {

// What a piece of memory may give away.
enum class Secret : std::uint8_t {
  nothing,
  strings,           // Data that the program handles: buffers, messages, attributes, its arguments.
  paths,             // Names of files.
  strings_or_paths,  // Either: the options of a mount.
  environment,
  socket_address,  // A path, where the address is a Unix socket's.
};

// What lies behind arguments of that kind, where it is more than its segment's kind says.
std::optional<Secret> secret_of(syscall::Kind kind);
// What a segment of that kind holds.
Secret secret_of(event::SegmentKind kind);

// Whether `bytes`, which hold such a secret, are to be left out.
bool hides(const Options& options, Secret secret, Bytes bytes);

}  // namespace sonde::record

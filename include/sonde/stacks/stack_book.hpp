// The stacks and modules of an event stream, by the ids that its events have.
#pragma once

#include <cstdint>
#include <string>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

#include "sonde/event/event.hpp"

namespace sonde::stacks {

struct Module {
  std::string path;  // As the process saw it. Untrusted text.
  std::vector<std::byte> build_id;
  pid_t pid = 0;  // A process that had it mapped.
};

struct Stack {
  event::StackEnd end;
  std::vector<event::FrameAddress> frames;  // Innermost first.
};

// Folds the stream: apply() each event in order, then ask. Keeps the stacks of two generations (see
// event::StackFrame) and at most limits::modules modules, whatever the stream says.
class StackBook {
 public:
  void apply(const event::Event& event);

  // Null for 0 and for what is not known any more. Valid until the next apply().
  const Stack* stack(std::uint32_t id) const;
  const Module* module(std::uint32_t id) const;

 private:
  using Generation = std::unordered_map<std::uint32_t, Stack>;
  Generation current_;
  Generation previous_;
  std::unordered_map<std::uint32_t, Module> modules_;
};

}  // namespace sonde::stacks

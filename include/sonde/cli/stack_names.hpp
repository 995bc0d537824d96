// The stacks of an event stream with their names: what outputs print, filters ask and recordings keep.
#pragma once

#include <memory>
#include <optional>
#include <unordered_set>

#include "sonde/cli/settings.hpp"
#include "sonde/event/event.hpp"
#include "sonde/output/stack_text.hpp"
#include "sonde/record/frame_buffer.hpp"
#include "sonde/stacks/namer.hpp"
#include "sonde/stacks/site.hpp"
#include "sonde/stacks/stack_book.hpp"

namespace sonde::cli {

class StackNames {
 public:
  explicit StackNames(const Settings& settings);
  StackNames(const StackNames&) = delete;
  StackNames& operator=(const StackNames&) = delete;

  // Modules, stacks, their names, and what ends a process's; to be told of every event before anybody asks
  // about it.
  void apply(const event::Event& event);

  const output::StackSource& source() const { return source_; }
  const stacks::SkipFunction& skip() const { return skip_; }

  // For a recording: the frames (event::FrameNames) that name what the stacks applied since the last call
  // lead through, each address once.
  std::vector<std::uint64_t> take_name_frames();

 private:
  void write_names(const event::Event& event, const event::Stack& stack);

  const bool recording_;
  stacks::StackBook book_;
  std::unique_ptr<stacks::Symbols> symbols_;
  stacks::Namer namer_;
  output::StackSource source_;
  stacks::SkipFunction skip_;

  std::unordered_set<std::uint64_t> written_;  // Module and address, mixed.
  std::vector<std::uint64_t> name_frames_;
  std::optional<record::FrameBuffer> frame_;  // Of a recording.
};

}  // namespace sonde::cli

#include "sonde/cli/stack_names.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "cli/file_symbols.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::cli {

namespace {

constexpr std::size_t written_max = std::size_t{1} << 20;

std::string_view shown(const std::string& text) {
  return std::string_view(text).substr(0, limits::name_bytes);
}

void put_names(record::FrameBuffer& frame, TaskId task, Nanoseconds time, std::uint32_t module,
               std::uint64_t address, const stacks::Functions& functions) {
  const std::size_t count = std::min(functions.size(), limits::inlined_functions);
  frame.begin(event::FrameType::frame_names, task, time);
  frame.put(event::FrameNamesFrame{address, module, static_cast<std::uint32_t>(count)});
  std::string texts;
  for (std::size_t i = 0; i < count; ++i) {
    const stacks::Function& function = functions[i];
    const auto name = shown(function.name);
    const auto file = shown(function.file);
    frame.put(event::NameEntry{function.start, static_cast<std::uint32_t>(name.size()),
                               static_cast<std::uint32_t>(file.size()), function.line, function.column});
    texts.append(name).append(file);
  }
  frame.text(texts);
}

}  // namespace

StackNames::StackNames(const Settings& settings)
    : recording_(settings.verb != Verb::report && !settings.trace_file.empty()),
      symbols_(std::make_unique<FileSymbols>(settings)),
      namer_(book_, symbols_.get()),
      source_{book_, namer_, &skip_} {
  if (recording_) frame_.emplace();
  if (!settings.skip_site) return;
  skip_ = [skip = settings.skip_site](std::string_view module, std::string_view function) {
    return skip(module) || skip(function);
  };
}

void StackNames::apply(const event::Event& event) {
  book_.apply(event);
  namer_.apply(event);
  if (const auto* stack = std::get_if<event::Stack>(&event.payload); stack != nullptr && recording_) {
    write_names(event, *stack);
  }
}

void StackNames::write_names(const event::Event& event, const event::Stack& stack) {
  if (written_.size() > written_max) written_.clear();
  for (const event::FrameAddress& frame : stack.frames) {
    const std::uint64_t address = stacks::lookup_address(frame);
    // Code that no file has moves between processes: named anew with each stack that has it.
    if (frame.module != 0 && !written_.insert(std::uint64_t{frame.module} << 44 ^ address).second) continue;
    const stacks::NamedFrame named = namer_.name(event.task.pid, frame);
    if (named.functions->empty()) continue;
    put_names(*frame_, event.task, event.time, frame.module, address, *named.functions);
    const Bytes bytes = frame_->finish();
    const std::size_t start = name_frames_.size();
    name_frames_.resize(start + bytes.size() / sizeof(std::uint64_t));
    std::memcpy(name_frames_.data() + start, bytes.data(), bytes.size());
  }
}

std::vector<std::uint64_t> StackNames::take_name_frames() { return std::exchange(name_frames_, {}); }

}  // namespace sonde::cli

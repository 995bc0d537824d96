#include "cli/leak_sink.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sonde/allocator/functions.hpp"
#include "sonde/cli/message.hpp"
#include "sonde/names/demangle.hpp"
#include "sonde/process/memory_image.hpp"

namespace sonde::cli {

namespace {

std::string demangled(std::string_view symbol) {
  auto name = names::demangle(symbol);
  return name ? *std::move(name) : std::string(symbol);
}

std::string_view moment_of(event::CopyReason reason) {
  switch (reason) {
    case event::CopyReason::ends:
      return "exit";
    case event::CopyReason::killed:
      return "signal";
    case event::CopyReason::executes:
      return "exec";
    case event::CopyReason::left:
      return "left";
    case event::CopyReason::looked:
      return "running";
  }
  return {};
}

}  // namespace

std::span<const suppress::Frame> HeapFrames::frames(analysis::HeapStackId stack, std::uint16_t function,
                                                    pid_t pid) {
  owned_.clear();
  frames_.clear();
  if (stack == 0) return frames_;
  if (const auto* row = allocator::row_of(static_cast<allocator::Function>(function)))
    owned_.push_back({std::string(row->symbol), demangled(row->symbol), {}, {}, 0, false});
  const auto& stacks = table_.shared().stacks;
  for (const event::FrameAddress& address : stacks.frames(stack)) {
    const stacks::NamedFrame named = names_.source().namer.name(pid, address);
    const std::string module = named.module == nullptr ? std::string() : named.module->path;
    const std::size_t count = named.functions->size();
    for (std::size_t i = 0; i < count; ++i) {
      const stacks::Function& one = (*named.functions)[i];
      owned_.push_back({one.linkage_name, one.name, one.file, module, one.line, i + 1 < count});
    }
    if (count == 0) owned_.push_back({{}, {}, {}, module, 0, false});
  }
  for (const Owned& one : owned_)
    frames_.push_back({one.linkage_name, one.function, one.file, one.line, one.module, one.inlined});
  return frames_;
}

LeakSink::LeakSink(output::Stream& out, int memory_file, LeakCheck check, const analysis::HeapTable& table,
                   const StackNames& names)
    : out_(out), memory_file_(memory_file), check_(std::move(check)), table_(table), frames_(table, names) {}

void LeakSink::event(const event::Event& event, bool) {
  if (const auto* note = std::get_if<event::Note>(&event.payload)) {
    complain(note->text);
  } else if (const auto* copied = std::get_if<event::MemoryCopied>(&event.payload)) {
    on_copied(event.task, *copied);
  } else if (std::holds_alternative<event::Exec>(event.payload)) {
    check_.confirm(event.task.pid);
    write();
  }
}

LeakSubject LeakSink::subject_of(const analysis::ProcessHeap& heap) {
  std::vector<analysis::LiveBlock> live;
  live.reserve(heap.blocks().size());
  heap.blocks().each([&](const analysis::LiveBlock& block) { live.push_back(block); });
  std::ranges::sort(live, {}, &analysis::LiveBlock::address);
  LeakSubject subject{};
  subject.blocks.reserve(live.size());
  subject.stacks.reserve(live.size());
  std::unordered_map<std::uint32_t, std::uint16_t> functions;
  for (const analysis::LiveBlock& block : live) {
    if (!subject.blocks.add({block.address, block.size})) continue;
    const auto& site = heap.sites()[block.site];
    subject.stacks.push_back(site.stack);
    functions.emplace(site.stack, site.function);
  }
  subject.blocks.seal();
  subject.pid = heap.pid();
  subject.exe = heap.exe().empty() ? heap.comm() : heap.exe();
  subject.frames = [this, functions = std::move(functions), pid = heap.pid()](std::uint32_t stack) {
    const auto function = functions.find(stack);
    return frames_.frames(stack, function == functions.end() ? std::uint16_t{0} : function->second, pid);
  };
  subject.others = heap.partial();
  if (heap.partial())
    subject.notes.emplace_back(
        "what was allocated before sonde came is not known: it is neither lost nor kept");
  return subject;
}

void LeakSink::on_copied(TaskId task, const event::MemoryCopied& copied) {
  auto image = process::read_image(memory_file_, copied.offset, copied.size);
  if (!image) return;
  const auto place = process::place_of(*image, copied.offset, copied.size);
  const analysis::ProcessHeap* heap = table_.heap_of(task.pid);
  if (heap != nullptr && heap->used()) {
    LeakSubject subject = subject_of(*heap);
    subject.when = moment_of(copied.reason);
    subject.stopped_for = copied.pause;
    check_.check(std::move(subject), LeakImage(memory_file_, *std::move(image), task),
                 copied.reason == event::CopyReason::executes);
    write();
  }
  process::forget_image(memory_file_, place);
}

void LeakSink::write() {
  out_.buffer() += check_.take_report();
  out_.commit();
}

void LeakSink::finish(Nanoseconds) {
  out_.buffer() += check_.finish();
  out_.commit();
}

}  // namespace sonde::cli

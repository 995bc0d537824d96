#include "output/leak_lines.hpp"

#include <algorithm>

#include "output/heap_call.hpp"
#include "output/quantities.hpp"
#include "output/text.hpp"
#include "sonde/stacks/site.hpp"

namespace sonde::output {

using leaks::Frame;
using leaks::LeakClass;
using leaks::Record;

std::string_view class_text(LeakClass kind) {
  switch (kind) {
    case LeakClass::definite:
      return "definitely lost";
    case LeakClass::indirect:
      return "indirectly lost";
    case LeakClass::possible:
      return "possibly lost";
    case LeakClass::reachable:
      return "still reachable";
  }
  return "";
}

std::string amount_text(const Record& record) {
  std::string text = fmt::format("{} in {}", bytes_text(record.bytes), counted(record.blocks, "block"));
  if (record.kept_blocks != 0) {
    append(text, ", and {} in {} that {}", bytes_text(record.kept_bytes),
           counted(record.kept_blocks, "block"), record.blocks == 1 ? "it keeps" : "they keep");
  }
  return text;
}

std::string_view function_of(const Frame& frame) {
  if (!frame.function.empty()) return frame.function;
  return frame.linkage_name.empty() ? "??" : frame.linkage_name;
}

const Frame* site_of(std::span<const Frame> frames) {
  if (frames.empty()) return nullptr;
  const auto site = std::find_if(frames.begin(), frames.end(), [](const Frame& frame) {
    return stacks::is_site(frame.module, frame.function, {});
  });
  return site == frames.end() ? frames.data() : &*site;
}

std::span<const Frame> up_to_main(std::span<const Frame> frames) {
  const auto main =
      std::find_if(frames.begin(), frames.end(), [](const Frame& frame) { return frame.function == "main"; });
  return main == frames.end() ? frames : frames.first(static_cast<std::size_t>(main - frames.begin()) + 1);
}

void append_stack(std::string& out, std::span<const Frame> frames, std::size_t count) {
  const auto all = up_to_main(frames);
  if (all.empty()) out += "    (no stack)\n";
  const std::size_t shown = count == 0 ? all.size() : std::min(count, all.size());
  for (const Frame& frame : all.first(shown)) {
    out += "    ";
    append_site_text(out, {frame.module, frame.function.empty() ? frame.linkage_name : frame.function,
                           frame.file, frame.line});
    out += '\n';
  }
  if (shown < all.size()) append(out, "    and {} more\n", count_text(all.size() - shown));
}

std::vector<const Record*> shown_records(const std::vector<Record>& records, suppress::LeakKinds kinds) {
  std::vector<const Record*> shown;
  for (const Record& record : records)
    if (kinds.has(record.kind)) shown.push_back(&record);
  return shown;
}

}  // namespace sonde::output

#include "sonde/cli/stack_fields.hpp"

#include <algorithm>

namespace sonde::cli {

namespace {

using Names = filter::StackView::Names;

std::string_view base_name(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// The whole name, and the short one that people use.
Names names_of(std::string_view whole, std::string_view short_one) {
  if (whole.empty()) return Names::without(filter::Presence::unreadable);
  Names names = Names::of(whole);
  if (short_one != whole) names.add(short_one);
  return names;
}

bool either_is(std::string_view whole, std::string_view short_one, std::string_view name) {
  return !whole.empty() && (name == whole || name == short_one);
}

bool has_name(const stacks::NamedFrame& frame, filter::StackPart part, std::string_view name) {
  if (part == filter::StackPart::module) {
    return frame.module != nullptr && either_is(frame.module->path, base_name(frame.module->path), name);
  }
  return std::any_of(frame.functions->begin(), frame.functions->end(), [&](const stacks::Function& function) {
    return part == filter::StackPart::function
               ? either_is(function.name, stacks::without_parameters(function.name), name)
               : either_is(function.file, base_name(function.file), name);
  });
}

}  // namespace

Names StackFields::site_function() const {
  const auto site = stacks::site_of(stack_, pid_, namer_, skip_);
  return site ? names_of(site->function, stacks::without_parameters(site->function)) : Names{};
}

Names StackFields::site_file() const {
  const auto site = stacks::site_of(stack_, pid_, namer_, skip_);
  return site ? names_of(site->file, base_name(site->file)) : Names{};
}

Names StackFields::site_module() const {
  const auto site = stacks::site_of(stack_, pid_, namer_, skip_);
  return site ? names_of(site->module, base_name(site->module)) : Names{};
}

filter::Values<filter::Integer> StackFields::site_line() const {
  using Lines = filter::Values<filter::Integer>;
  const auto site = stacks::site_of(stack_, pid_, namer_, skip_);
  if (!site) return {};
  if (site->line == 0) return Lines::without(filter::Presence::unreadable);
  return Lines::of({site->line, 32, false});
}

// A stack that was cut short may have had the frame further out, so a "no" is not known then.
filter::Verdict StackFields::has(filter::StackPart part, std::string_view name) const {
  for (const event::FrameAddress& frame : stack_.frames) {
    if (has_name(namer_.name(pid_, frame), part, name)) return filter::Verdict::yes;
  }
  return stack_.end == event::StackEnd::complete ? filter::Verdict::no : filter::Verdict::unknown;
}

}  // namespace sonde::cli

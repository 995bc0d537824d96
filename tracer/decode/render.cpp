#include "sonde/decode/render.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "decode/print.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

constexpr auto kind_count = static_cast<std::size_t>(syscall::Kind::count_);

struct Entry {
  Renderer renderer = nullptr;
  bool always = false;
};

using Dispatch = std::array<Entry, kind_count>;

Dispatch build_dispatch() {
  Dispatch dispatch{};
  for (const Domain& domain : domains()) {
    for (const auto& [kind, renderer, always] : domain.renderers) {
      dispatch[static_cast<std::size_t>(kind)] = {renderer, always};
    }
  }
  return dispatch;
}

const Entry& entry_of(syscall::Kind kind) {
  static const Dispatch dispatch = build_dispatch();
  return dispatch[static_cast<std::size_t>(kind)];
}

// A kind without a renderer: by its constants, or as what its spec says that it is.
void render_generic(syscall::Kind kind, const Value& value) {
  if (const auto* set = syscall::constants_of(kind)) return print_from(value, *set, value.raw);
  switch (syscall::spec(kind).capture) {
    case syscall::Capture::none:
      return value.out.hex(as_word(value, value.raw));
    case syscall::Capture::path:
      return print_path(value, {value.raw});
    case syscall::Capture::string:
      return print_string(value, {value.raw});
    default:
      return value.out.address(as_word(value, value.raw));
  }
}

bool printed_at_exit(syscall::Kind kind) {
  const syscall::Direction direction = syscall::spec(kind).direction;
  return direction == syscall::Direction::out || direction == syscall::Direction::update;
}

bool filled_by_call(syscall::Kind kind) { return syscall::spec(kind).direction == syscall::Direction::out; }

// All domains' optional arguments, by call.
std::vector<Optional> build_optionals() {
  std::vector<Optional> all;
  for (const Domain& domain : domains())
    all.insert(all.end(), domain.optionals.begin(), domain.optionals.end());
  std::ranges::stable_sort(all, {}, &Optional::call);
  return all;
}

}  // namespace

std::span<const Domain> domains() {
  static const std::array all = {
#define DOMAIN(name) name##_domain(),
#include "decode/domains.def"
#undef DOMAIN
  };
  return all;
}

void render(syscall::Kind kind, const Value& value) {
  const Entry& entry = entry_of(kind);
  if (syscall::spec(kind).capture != syscall::Capture::none &&
      is_redacted(value, {as_word(value, value.raw)})) {
    return value.out.redacted();
  }
  if (filled_by_call(kind) && !value.succeeded() && !entry.always) {
    return value.out.address(as_word(value, value.raw));
  }
  if (entry.renderer != nullptr) return entry.renderer(value);
  render_generic(kind, value);
}

void render_argument(const Call& call, unsigned index, const Style& style, Writer& out) {
  const syscall::Argument& argument = call.row->arguments[index];
  const syscall::Direction direction = syscall::spec(argument.kind).direction;
  const bool before = direction == syscall::Direction::in || direction == syscall::Direction::inout;
  if (call.row->name == "clone") out.label(argument.name);
  render(argument.kind, {call, argument.reg, call.args[argument.reg], style, out, before});
}

bool argument_shown(const Call& call, unsigned index) {
  static const auto optionals = build_optionals();
  if (index >= call.row->argument_count) return false;
  const auto first = std::ranges::lower_bound(optionals, call.row->name, {}, &Optional::call);
  const auto last = std::ranges::upper_bound(optionals, call.row->name, {}, &Optional::call);
  for (const Optional& optional : std::span(first, last)) {
    if (optional.argument == call.row->arguments[index].reg && !optional.shown(call)) return false;
  }
  return true;
}

unsigned arguments_known_at_entry(const syscall::Row& row) {
  unsigned known = 0;
  // strace names what clone() stores, and where, only once it has.
  if (row.name == "clone") return std::min<unsigned>(2, row.argument_count);
  while (known < row.argument_count && !printed_at_exit(row.arguments[known].kind)) ++known;
  return known;
}

}  // namespace sonde::decode

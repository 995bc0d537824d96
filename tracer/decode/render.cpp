#include "sonde/decode/render.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include "decode/print.hpp"
#include "decode/renderers.hpp"
#include "sonde/decode/text_writer.hpp"

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
  if (const auto* set = syscall::constants_of(kind)) {
    // Flags and enumerations are ints unless their values need more.
    return set->flags ? print_flags(value, kind, value.raw) : print_constant(value, kind, value.raw);
  }
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

bool filled_by_call(syscall::Kind kind) { return syscall::spec(kind).direction == syscall::Direction::out; }

// The rows of all domains' tables of one sort, by call.
template <typename Row>
std::vector<Row> by_call(std::span<const Row> Domain::*table) {
  std::vector<Row> rows;
  for (const Domain& domain : domains())
    rows.insert(rows.end(), (domain.*table).begin(), (domain.*table).end());
  std::ranges::stable_sort(rows, {}, &Row::call);
  return rows;
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
  if (filled_by_call(kind) && !value.succeeded() && !entry.always) {
    return value.out.address(as_word(value, value.raw));
  }
  if (entry.renderer != nullptr) return entry.renderer(value);
  render_generic(kind, value);
}

void render_argument(const Call& call, unsigned index, const Style& style, Writer& out) {
  render(call.row->arguments[index].kind, {call, index, call.args[index], style, out});
}

bool argument_shown(const Call& call, unsigned index) {
  static const auto optionals = by_call(&Domain::optionals);
  if (index >= call.row->argument_count) return false;
  for (const Optional& optional : std::ranges::equal_range(optionals, call.row->name, {}, &Optional::call)) {
    if (optional.argument == index && !optional.shown(call)) return false;
  }
  return true;
}

unsigned arguments_known_at_entry(const syscall::Row& row) {
  unsigned known = 0;
  while (known < row.argument_count && !filled_by_call(row.arguments[known].kind)) ++known;
  return known;
}

std::string result_remark(const Call& call, const Style& style) {
  static const auto remarks = by_call(&Domain::remarks);
  const auto found = std::ranges::equal_range(remarks, call.row->name, {}, &Remark::call);
  if (found.empty()) return {};
  std::string text;
  TextWriter writer(text, style.hex_strings);
  found.back().renderer({call, 0, static_cast<std::uint64_t>(call.exit->ret), style, writer});
  return text;
}

}  // namespace sonde::decode

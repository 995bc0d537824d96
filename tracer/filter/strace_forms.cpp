#include "sonde/filter/strace_forms.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "lexer.hpp"
#include "names.hpp"
#include "sonde/base/limits.hpp"
#include "sonde/filter/diagnostic.hpp"

namespace sonde::filter {

namespace {

struct Spelling {
  std::string_view text;
  Qualifier qualifier;
};

constexpr std::array<Spelling, 33> spellings = {{{"trace", Qualifier::trace},
                                                 {"t", Qualifier::trace},
                                                 {"status", Qualifier::status},
                                                 {"signal", Qualifier::signal},
                                                 {"signals", Qualifier::signal},
                                                 {"s", Qualifier::signal},
                                                 {"trace-fds", Qualifier::fds},
                                                 {"trace-fd", Qualifier::fds},
                                                 {"fds", Qualifier::fds},
                                                 {"fd", Qualifier::fds},
                                                 {"abbrev", Qualifier::abbrev},
                                                 {"a", Qualifier::abbrev},
                                                 {"verbose", Qualifier::verbose},
                                                 {"v", Qualifier::verbose},
                                                 {"raw", Qualifier::raw},
                                                 {"x", Qualifier::raw},
                                                 {"read", Qualifier::read},
                                                 {"reads", Qualifier::read},
                                                 {"r", Qualifier::read},
                                                 {"write", Qualifier::write},
                                                 {"writes", Qualifier::write},
                                                 {"w", Qualifier::write},
                                                 {"inject", Qualifier::inject},
                                                 {"fault", Qualifier::fault},
                                                 {"quiet", Qualifier::quiet},
                                                 {"silent", Qualifier::quiet},
                                                 {"silence", Qualifier::quiet},
                                                 {"q", Qualifier::quiet},
                                                 {"decode-fds", Qualifier::decode_fds},
                                                 {"decode-fd", Qualifier::decode_fds},
                                                 {"decode-pids", Qualifier::decode_pids},
                                                 {"decode-pid", Qualifier::decode_pids},
                                                 {"kvm", Qualifier::kvm}}};

// The classes that strace also takes without their %.
constexpr std::array<std::string_view, 7> bare_classes = {"desc",    "file",    "ipc",   "memory",
                                                          "network", "process", "signal"};

// What sonde has in place of a form of strace's that is no filter.
std::string_view instead_of(Qualifier qualifier) {
  switch (qualifier) {
    case Qualifier::abbrev:
    case Qualifier::verbose:
      return "-v prints structures in full";
    case Qualifier::raw:
      return "-X raw prints numbers instead of names";
    case Qualifier::read:
    case Qualifier::write:
      return "-s N shows more of what is read and written";
    case Qualifier::inject:
    case Qualifier::fault:
      return "sonde changes nothing of what a program does";
    case Qualifier::quiet:
      return "-q and -qq leave out lines";
    case Qualifier::decode_fds:
      return "-y and -yy show what is behind descriptors";
    default:
      return {};
  }
}

Span span_of(std::string_view text, std::string_view part) {
  const auto begin = static_cast<std::uint32_t>(part.data() - text.data());
  return {begin, begin + static_cast<std::uint32_t>(part.size())};
}

// How long the regular expression at the start of `list` is, slashes included. It ends at a slash before a
// comma or the end; without one, as strace has them, at a comma outside brackets, so that /x{1,3} is one.
std::size_t regex_length(std::string_view list) {
  int brackets = 0;
  std::optional<std::size_t> comma;
  for (std::size_t i = 1; i < list.size(); ++i) {
    const char c = list[i];
    if (c == '\\') {
      ++i;
    } else if (c == '/' && (i + 1 == list.size() || list[i + 1] == ',')) {
      return i + 1;
    } else if (c == '{' || c == '[' || c == '(') {
      ++brackets;
    } else if (c == '}' || c == ']' || c == ')') {
      --brackets;
    } else if (c == ',' && brackets <= 0 && !comma) {
      comma = i;
    }
  }
  return comma.value_or(list.size());
}

std::vector<std::string_view> items_of(std::string_view list) {
  std::vector<std::string_view> items;
  while (!list.empty()) {
    const std::size_t length =
        list.front() == '/' ? regex_length(list) : std::min(list.find(','), list.size());
    items.push_back(list.substr(0, length));
    list.remove_prefix(std::min(length + 1, list.size()));
  }
  return items;
}

struct List {
  bool negated = false;
  std::vector<std::string_view> items;
};

// "!a,b", "all" and "none" (which is !all); an odd number of leading ! negates.
List list_of(std::string_view value) {
  List list;
  while (value.starts_with('!')) {
    value.remove_prefix(1);
    list.negated = !list.negated;
  }
  if (value == "all" || value == "none") {
    if (value == "all") list.negated = !list.negated;
    return list;
  }
  list.items = items_of(value);
  // An empty value is an empty item, so that someone complains.
  if (list.items.empty()) list.items.push_back(value);
  return list;
}

std::optional<unsigned> number_in(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// `clauses` or-ed together, negated or not, for events of one kind; empty when that narrows nothing.
Result<std::optional<TypedExpr>> form(std::string_view kind, const std::vector<std::string>& clauses,
                                      bool negated) {
  if (clauses.empty() && negated) return std::optional<TypedExpr>();
  std::string text = fmt::format("kind != {}", kind);
  if (!clauses.empty()) {
    const std::string any = fmt::format("{}", fmt::join(clauses, " || "));
    text += negated ? fmt::format(" || !({})", any) : fmt::format(" || {}", any);
  }
  auto typed = compile(text);
  if (!typed) return Failure(std::move(typed.error()));
  return std::optional(std::move(*typed));
}

Result<void> assign(std::optional<TypedExpr>& slot, Result<std::optional<TypedExpr>> made) {
  if (!made) return Failure(std::move(made.error()));
  slot = std::move(*made);
  return {};
}

std::string set_clause(std::string_view field, const std::vector<std::string>& names) {
  return fmt::format("{} in [{}]", field, fmt::join(names, ", "));
}

bool is_list_item(std::string_view item) {
  if (item.starts_with('/')) return true;
  if (item.starts_with('?')) item.remove_prefix(1);
  while (item.starts_with('%')) item.remove_prefix(1);
  return !item.empty() &&
         std::all_of(item.begin(), item.end(), [](char c) { return is_word_character(c) || c == '*'; });
}

// Whether `text` is a list of calls, rather than an expression: `failed` and `!failed` are expressions.
bool is_plain_list(std::string_view text) {
  const List list = list_of(text);
  if (list.items.size() == 1) {
    const auto field = field_named(list.items.front());
    if (field && type(*field) == FieldType::boolean) return false;
  }
  return !text.empty() && std::all_of(list.items.begin(), list.items.end(), is_list_item);
}

// One item of trace= as a clause or as a name for the set; neither for an unknown name after ?.
struct TraceItem {
  std::string clause;
  std::string name;
};

Result<TraceItem> trace_item(std::string_view text, std::string_view item) {
  const Span span = span_of(text, item);
  if (item.starts_with('/')) {
    std::string_view pattern = item.substr(1);
    if (pattern.ends_with('/')) pattern.remove_suffix(1);
    const Regex regex = compile_regex(pattern, limits::filter_regex_bytes);
    if (!regex.compiled)
      return complain(text, span, fmt::format("bad regular expression: {}", shown(regex.error)));
    if (calls_matching(*regex.compiled).empty())
      return complain(text, span, "no system call's name matches this");
    return TraceItem{"syscall =~ " + quoted(pattern), {}};
  }
  if (const auto number = number_in(item)) return TraceItem{fmt::format("nr == {}", *number), {}};
  const bool optional = item.starts_with('?');
  const std::string_view name = item.substr(optional ? 1 : 0);
  const bool bare = std::find(bare_classes.begin(), bare_classes.end(), name) != bare_classes.end();
  if (bare || name.starts_with('%')) {
    const std::string_view class_name = bare ? name : name.substr(1);
    if (syscall::class_named(class_name)) return TraceItem{{}, fmt::format("%{}", class_name)};
    if (optional) return TraceItem{};
    return complain(text, span, fmt::format("unknown class '{}'", shown(class_name)),
                    did_you_mean(nearest(class_name, syscall::class_names())));
  }
  if (is_list_item(name) && !(is_glob(name) ? calls_like(name) : calls_named(name)).empty()) {
    return TraceItem{{}, std::string(name)};
  }
  if (optional) return TraceItem{};
  return complain(text, span, fmt::format("unknown system call '{}'", shown(name)),
                  did_you_mean(nearest(name, syscall_names())));
}

}  // namespace

std::optional<Qualified> qualifier_of(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || text.substr(equals).starts_with("==") ||
      text.substr(equals).starts_with("=~")) {
    return std::nullopt;
  }
  const std::string_view name = text.substr(0, equals);
  for (const Spelling& spelling : spellings) {
    if (!name.empty() && spelling.text == name) return Qualified{spelling.qualifier, text.substr(equals + 1)};
  }
  return std::nullopt;
}

Result<void> Selection::add(std::string_view text) {
  if (const auto qualified = qualifier_of(text)) {
    switch (qualified->qualifier) {
      case Qualifier::trace:
        return trace(text, qualified->value);
      case Qualifier::status:
        return status(text, qualified->value);
      case Qualifier::signal:
        return signal(text, qualified->value);
      case Qualifier::fds:
        return fds(text, qualified->value);
      default:
        return complain(text, {0, static_cast<std::uint32_t>(text.find('='))},
                        "this does not say which events are shown", instead_of(qualified->qualifier));
    }
  }
  if (is_plain_list(text)) return trace(text, text);
  auto typed = compile(text);
  if (!typed) return Failure(std::move(typed.error()));
  expressions_.push_back(std::move(*typed));
  return {};
}

Result<void> Selection::trace(std::string_view text, std::string_view value) {
  const List list = list_of(value);
  std::vector<std::string> clauses;
  std::vector<std::string> names;
  for (const std::string_view item : list.items) {
    auto made = trace_item(text, item);
    if (!made) return Failure(std::move(made.error()));
    if (!made->clause.empty()) clauses.push_back(std::move(made->clause));
    if (!made->name.empty()) names.push_back(std::move(made->name));
  }
  if (!names.empty()) clauses.insert(clauses.begin(), set_clause("syscall", names));
  return assign(trace_, form("syscall", clauses, list.negated));
}

Result<void> Selection::status(std::string_view text, std::string_view value) {
  const List list = list_of(value);
  const auto known = call_status_names();
  std::vector<std::string> clauses;
  for (const std::string_view item : list.items) {
    if (std::find(known.begin(), known.end(), item) == known.end()) {
      return complain(text, span_of(text, item), fmt::format("unknown status '{}'", shown(item)),
                      did_you_mean(nearest(item, known)));
    }
    clauses.emplace_back(item);
  }
  if (!clauses.empty()) clauses = {set_clause("status", clauses)};
  return assign(status_, form("syscall", clauses, list.negated));
}

Result<void> Selection::signal(std::string_view text, std::string_view value) {
  const List list = list_of(value);
  std::vector<std::string> clauses;
  for (const std::string_view item : list.items) {
    std::optional<int> signal = signal_named(item, true);
    if (const auto number = number_in(item);
        number && !syscall::signal_name(static_cast<int>(*number)).empty()) {
      signal = static_cast<int>(*number);
    }
    if (!signal) {
      return complain(text, span_of(text, item), fmt::format("unknown signal '{}'", shown(item)),
                      did_you_mean(nearest(item, signal_names())));
    }
    clauses.emplace_back(syscall::signal_name(*signal));
  }
  if (!clauses.empty()) clauses = {set_clause("signal", clauses)};
  return assign(signal_, form("signal", clauses, list.negated));
}

Result<void> Selection::fds(std::string_view text, std::string_view value) {
  const List list = list_of(value);
  std::vector<std::string> numbers;
  for (const std::string_view item : list.items) {
    const auto number = number_in(item);
    if (!number) {
      return complain(text, span_of(text, item), fmt::format("'{}' is not a descriptor", shown(item)),
                      "as in fd=3,4");
    }
    numbers.push_back(std::to_string(*number));
  }
  // `all` narrows nothing; `none` leaves the paths, if there are any, and otherwise no call.
  if (numbers.empty()) {
    fd_clause_ = list.negated ? "" : "kind != syscall";
  } else {
    fd_clause_ = fmt::format("fd {} [{}]", list.negated ? "not in" : "in", fmt::join(numbers, ", "));
  }
  return update_files();
}

Result<void> Selection::add_path(std::string_view path) {
  path_clauses_.push_back("path == " + quoted(path));
  return update_files();
}

Result<void> Selection::update_files() {
  std::vector<std::string> clauses = path_clauses_;
  if (!fd_clause_.empty()) clauses.push_back(fd_clause_);
  return assign(files_, form("syscall", clauses, clauses.empty()));
}

std::optional<TypedExpr> Selection::expression() const {
  std::vector<TypedExpr> parts;
  for (const auto* part : {&trace_, &status_, &files_, &signal_}) {
    if (part->has_value()) parts.push_back(**part);
  }
  parts.insert(parts.end(), expressions_.begin(), expressions_.end());
  if (parts.empty()) return std::nullopt;
  return all_of(std::move(parts));
}

}  // namespace sonde::filter

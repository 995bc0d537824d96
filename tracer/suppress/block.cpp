#include "suppress/block.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "sonde/base/limits.hpp"

namespace sonde::suppress {

namespace {

// What memcheck knows: its manual, 4.4, and what later versions have added.
constexpr std::array<std::string_view, 29> memcheck_kinds = {
    "Leak",       "Param",       "User",     "CoreMem", "Cond",         "Value0", "Value1",  "Value2",
    "Value4",     "Value8",      "Value16",  "Value32", "Value64",      "Addr1",  "Addr2",   "Addr4",
    "Addr8",      "Addr16",      "Addr32",   "Addr64",  "Jump",         "Free",   "Overlap", "Mempool",
    "FishyValue", "ReallocZero", "BadAlign", "BadSize", "SizedMismatch"};
constexpr std::array<std::string_view, 6> leak_kinds = {"definite",  "indirect", "possible",
                                                        "reachable", "all",      "none"};
constexpr std::string_view leak_kinds_key = "match-leak-kinds:";
constexpr std::string_view where_form = "fun:NAME, obj:NAME, src:FILE[:LINE] or ...";

template <std::size_t N>
bool among(const std::array<std::string_view, N>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool equal_but_for_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

// The words between commas, empty ones too; views into `text`.
template <typename Each>
void for_each_word(std::string_view text, const Each& each) {
  while (true) {
    const std::size_t comma = text.find(',');
    each(text.substr(0, comma));
    if (comma == std::string_view::npos) return;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

void BlockParser::complain(const Line& line, std::string_view at, std::string_view message,
                           std::string_view hint) {
  good_ = false;
  problems_.add(line, at, message, hint);
}

// The next line that is neither empty nor a comment. At the end of the file, and at a brace that opens the
// next block, the block is told to be open and nullopt is given; at its own brace, nullopt.
std::optional<Line> BlockParser::next_inside() {
  while (!closed_) {
    const auto line = lines_.next();
    if (line && (line->empty() || line->comment())) continue;
    closed_ = !line || line->text == "{" || line->text == "}";
    if (line && line->text == "{") lines_.put_back(*line);
    if (closed_) {
      if (!line || line->text == "{")
        complain(open_, open_.text, "this suppression is not closed", "a line with } alone ends it");
      return std::nullopt;
    }
    if (line->whole.size() <= limits::suppression_line_bytes) return line;
    complain(*line, line->text,
             fmt::format("this line is longer than {} bytes", limits::suppression_line_bytes));
  }
  return std::nullopt;
}

void BlockParser::skip() {
  while (next_inside()) {
  }
}

std::optional<Suppression> BlockParser::parse(const Line& open) {
  open_ = open;
  Suppression made;
  made.format = Format::valgrind;
  made.line = open.number;
  const auto name = next_inside();
  if (!name) {
    if (good_)
      complain(open, open.text, "this suppression is empty",
               "it has a name, a kind such as Memcheck:Leak, and where");
    return std::nullopt;
  }
  made.name = name->text;
  const auto tools = next_inside();
  if (tools) {
    parse_tools(*tools, made);
  } else if (good_) {
    complain(*name, name->text, "behind the name of a suppression its kind is missing",
             "such as Memcheck:Leak");
  }
  skip();
  if (!good_) return std::nullopt;
  return made;
}

// "Tool1,Tool2:Kind". valgrind ignores what is for other tools, whatever stands in it.
void BlockParser::parse_tools(const Line& line, Suppression& made) {
  const std::size_t colon = line.text.find(':');
  if (colon == std::string_view::npos) {
    complain(line, line.text, "a suppression's second line is TOOL:KIND", "such as Memcheck:Leak");
    return;
  }
  bool memcheck = false;
  for_each_word(line.text.substr(0, colon), [&](std::string_view tool) {
    if (tool == "Memcheck") memcheck = true;
    if (tool == "core") complain(line, tool, "valgrind has no suppressions of its core");
    if (tool != "Memcheck" && equal_but_for_case(trimmed(tool), "memcheck"))
      complain(line, tool, "valgrind does not know this tool, and ignores the suppression",
               did_you_mean("Memcheck"));
  });
  if (memcheck) {
    parse_kind(line, line.text.substr(colon + 1), made);
  } else {
    made.about_leaks = false;
  }
}

void BlockParser::parse_kind(const Line& line, std::string_view kind, Suppression& made) {
  made.about_leaks = kind == "Leak";
  if (made.about_leaks) {
    parse_places(made);
  } else if (!among(memcheck_kinds, kind)) {
    complain(line, kind, fmt::format("memcheck knows no suppressions of kind '{}'", shown(kind)),
             did_you_mean(nearest(kind, memcheck_kinds)));
  }
}

void BlockParser::parse_places(Suppression& made) {
  Line last = open_;
  bool first = true;
  bool where = false;
  for (auto line = next_inside(); line; line = next_inside()) {
    last = *line;
    if (std::exchange(first, false) && line->text.starts_with(leak_kinds_key)) {
      parse_leak_kinds(*line, made);
    } else if (made.places.size() == limits::suppression_places) {
      complain(*line, line->text,
               fmt::format("a suppression has at most {} lines that say where", limits::suppression_places));
      skip();
    } else if (auto place = parse_place(*line)) {
      where |= place->kind != Place::Kind::any_frames;
      made.places.push_back(*std::move(place));
    }
  }
  if (good_ && !where)
    complain(last, last.text, "this suppression does not say where", "it needs a line fun:, obj: or src:");
}

// valgrind's words stand between commas alone; empty ones between two commas do not count.
void BlockParser::parse_leak_kinds(const Line& line, Suppression& made) {
  const std::string_view text = trimmed(line.text.substr(leak_kinds_key.size()));
  std::size_t words = 0;
  bool whole_set = false;
  made.kinds = {};
  for_each_word(text, [&](std::string_view word) {
    if (word.empty()) return;
    ++words;
    whole_set |= word == "all" || word == "none";
    if (word == "all") made.kinds = LeakKinds::all();
    for (const auto kind : {LeakKind::definite, LeakKind::indirect, LeakKind::possible, LeakKind::reachable})
      if (word == name_of(kind)) made.kinds.add(kind);
    if (among(leak_kinds, word)) return;
    if (among(leak_kinds, trimmed(word))) {
      complain(line, word, "no space may stand behind a comma");
    } else {
      complain(line, word, fmt::format("'{}' is no kind of leak", shown(word)),
               did_you_mean(nearest(word, leak_kinds)));
    }
  });
  if (words == 0)
    complain(line, line.text, "which kinds?", "definite, indirect, possible, reachable; all or none");
  if (whole_set && words > 1) complain(line, text, "'all' and 'none' stand alone");
}

std::optional<Place> BlockParser::parse_place(const Line& line) {
  if (line.text == "...") return Place{};
  const std::string_view rest = line.text.substr(std::min<std::size_t>(4, line.text.size()));
  if (line.text.starts_with("fun:")) return Place{Place::Kind::function, std::string(rest), 0};
  if (line.text.starts_with("obj:")) return Place{Place::Kind::object, std::string(rest), 0};
  if (line.text.starts_with("src:")) return parse_source(line, rest);
  if (line.text.starts_with(leak_kinds_key)) {
    complain(line, line.text, "match-leak-kinds: stands once, directly below Memcheck:Leak");
  } else {
    complain(line, line.text, fmt::format("this says not where: {}", where_form));
  }
  return std::nullopt;
}

std::optional<Place> BlockParser::parse_source(const Line& line, std::string_view file_and_line) {
  Place place;
  place.kind = Place::Kind::source;
  const std::size_t colon = file_and_line.find(':');
  place.pattern = file_and_line.substr(0, colon);
  if (colon == std::string_view::npos) return place;
  const std::string_view digits = file_and_line.substr(colon + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), place.line);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    complain(line, digits.empty() ? line.text : digits, "behind src:FILE: stands the number of a line");
    return std::nullopt;
  }
  return place;
}

}  // namespace sonde::suppress

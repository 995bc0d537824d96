// Says which stacks a file of suppressions hides: match FILE <STACKS, where a line "leak NAME" is followed by
// its frames, innermost first, each with six fields between tabs: linkage name, function, file, line, module,
// 1 where inlined. Prints the names, a line each.
#include "sonde/suppress/match.hpp"

#include <cstdio>
#include <iostream>
#include <string>
#include <vector>

#include "sonde/suppress/matcher.hpp"
#include "sonde/suppress/parser.hpp"

namespace {

using namespace sonde::suppress;

struct Stack {
  std::string name;
  std::vector<std::vector<std::string>> frames;
};

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == '\t') {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  fields.resize(6);
  return fields;
}

std::vector<Stack> read_stacks() {
  std::vector<Stack> stacks;
  for (std::string line; std::getline(std::cin, line);) {
    if (line.starts_with("leak ")) {
      stacks.push_back({line.substr(5), {}});
    } else if (!stacks.empty()) {
      stacks.back().frames.push_back(fields_of(line));
    }
  }
  return stacks;
}

std::vector<Frame> frames_of(const Stack& stack) {
  std::vector<Frame> frames;
  for (const auto& fields : stack.frames) {
    frames.push_back({fields[0], fields[1], fields[2],
                      static_cast<std::uint32_t>(std::strtoul(fields[3].c_str(), nullptr, 10)), fields[4],
                      fields[5] == "1"});
  }
  return frames;
}

}  // namespace

int main(int argc, char** argv) {
  Suppressions read;
  if (argc != 2 || !read.add_file(argv[1])) return 2;
  for (const Problem& problem : read.problems()) std::fprintf(stderr, "%s\n", problem.block.c_str());
  if (!read.problems().empty()) return 1;
  Matcher matcher(read.all());
  for (const Stack& stack : read_stacks()) {
    const auto frames = frames_of(stack);
    const Leak leak{LeakKind::definite, frames};
    const bool hidden = matcher.first_match(leak).has_value();
    bool slowly = false;
    for (const Suppression& entry : read.all()) slowly |= matches(entry, leak);
    if (slowly != hidden) return 3;
    if (hidden) std::printf("%s\n", stack.name.c_str());
  }
  return 0;
}

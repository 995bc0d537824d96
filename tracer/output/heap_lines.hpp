// The stacks of a heap's report: source lines, and trees of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/analysis/heap_table.hpp"
#include "sonde/output/stack_text.hpp"

namespace sonde::output {

// What a report is made of.
struct HeapReportSource {
  const analysis::HeapTable& table;
  const StackSource& stacks;
};

// A function of a stack. The texts are untrusted.
struct HeapLine {
  std::string module;
  std::string function;
  std::string file;
  std::uint32_t line = 0;

  stacks::Site site() const { return {module, function, file, line}; }
};

// From the outermost function of the program's own to the site, both included: what runs before main, and the
// runtime libraries' functions behind the site, say nothing. All of them where there is no site. Inlined
// functions count.
std::vector<HeapLine> lines_of(const HeapReportSource& source, analysis::HeapStackId stack, pid_t pid);

// "parse_header (http.c:118)"
std::string text_of(const HeapLine& line);

// Stacks with numbers, in which outer functions that they have in common are one line:
//
//    1.2 MiB      331  main (main.c:14)
//    1.0 MiB      300    handle (http.c:120)
//                        parse_header (http.c:118)
//    0.2 MiB       31    setup (main.c:8)
//
// The largest come first, and a function's only callee stands below it without numbers.
class HeapTree {
 public:
  // Outermost first.
  void add(const std::vector<HeapLine>& lines, std::uint64_t value, std::uint64_t count);

  // Calls prefix(out, value, count) at the beginning of each line, or blank(out) where the numbers are those
  // of the line above.
  template <typename Prefix, typename Blank>
  void append(std::string& out, Prefix prefix, Blank blank) {
    sort(root_);
    for (const Node& node : root_.callees) append_node(out, node, 0, true, prefix, blank);
  }

 private:
  struct Node {
    std::string text;
    std::uint64_t value = 0;
    std::uint64_t count = 0;
    std::vector<Node> callees;
  };
  static void sort(Node& node);

  template <typename Prefix, typename Blank>
  static void append_node(std::string& out, const Node& node, std::size_t depth, bool numbers,
                          const Prefix& prefix, const Blank& blank) {
    if (numbers) {
      prefix(out, node.value, node.count);
    } else {
      blank(out);
    }
    out.append(2 * depth, ' ');
    out += node.text;
    out += '\n';
    const bool one = node.callees.size() == 1 && node.callees[0].count == node.count;
    for (const Node& callee : node.callees) {
      append_node(out, callee, one ? depth : depth + 1, !one, prefix, blank);
    }
  }

  Node root_;
};

}  // namespace sonde::output

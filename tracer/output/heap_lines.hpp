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
// The largest come first, and a function's only callee stands below it without numbers. Of a long row of such
// callees the middle is left out.
class HeapTree {
 public:
  // Outermost first.
  void add(const std::vector<HeapLine>& lines, std::uint64_t value, std::uint64_t count);

  // Calls prefix(out, value, count) at the beginning of each line, or blank(out) where the numbers are those
  // of the line above.
  template <typename Prefix, typename Blank>
  void append(std::string& out, Prefix prefix, Blank blank) {
    sort(root_);
    append_callees(out, root_, 0, prefix, blank);
  }

 private:
  struct Node {
    std::string text;
    std::uint64_t value = 0;
    std::uint64_t count = 0;
    std::vector<Node> callees;
  };
  static void sort(Node& node);

  // A node and its only callees, down to where callers part or numbers differ.
  static std::vector<const Node*> chain_of(const Node& node);
  static constexpr std::size_t chain_max = 10;
  static constexpr std::size_t chain_head = 3;
  static constexpr std::size_t chain_tail = 5;

  template <typename Prefix, typename Blank>
  static void append_callees(std::string& out, const Node& caller, std::size_t depth, const Prefix& prefix,
                             const Blank& blank) {
    for (const Node& callee : caller.callees) {
      const auto chain = chain_of(callee);
      const bool is_long = chain.size() > chain_max;
      for (std::size_t i = 0; i < chain.size(); ++i) {
        if (i == 0) {
          prefix(out, callee.value, callee.count);
        } else {
          blank(out);
        }
        out.append(2 * depth, ' ');
        if (is_long && i == chain_head) {
          out += "... " + std::to_string(chain.size() - chain_head - chain_tail) + " more\n";
          i = chain.size() - chain_tail - 1;
          continue;
        }
        out += chain[i]->text;
        out += '\n';
      }
      append_callees(out, *chain.back(), depth + 1, prefix, blank);
    }
  }

  Node root_;
};

}  // namespace sonde::output

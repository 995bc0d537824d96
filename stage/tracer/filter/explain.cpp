#include "sonde/filter/explain.hpp"

#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "condition.hpp"
#include "sonde/filter/pushdown.hpp"

namespace sonde::filter {

namespace {

// A part of an expression as far as the kernel can tell: decided for all calls alike, or by a smaller
// expression.
struct Part {
  enum class How { never, always, by } how;
  Node node;
};

Part negated_by(const Node& node) {
  Node made;
  made.op = Node::Op::negation;
  made.operands.push_back(node);
  return {Part::How::by, std::move(made)};
}

// The strongest expression on a call's entry that `node` being yes (or no) implies.
Part kernel_part(const Node& node, bool wanted) {
  switch (node.op) {
    case Node::Op::negation:
      return kernel_part(node.operands.front(), !wanted);
    case Node::Op::test:
      if (foreign_to_calls(node.test->field)) return {Part::How::never, {}};
      if (!decided_in_kernel(node.test->field)) return {Part::How::always, {}};
      return wanted ? Part{Part::How::by, node} : negated_by(node);
    case Node::Op::any_of:
    case Node::Op::all_of:
      break;
  }
  const bool any = (node.op == Node::Op::any_of) == wanted;
  const Part::How ends = any ? Part::How::always : Part::How::never;
  Part made{any ? Part::How::never : Part::How::always, {}};
  for (const Node& operand : node.operands) {
    Part part = kernel_part(operand, wanted);
    if (part.how == ends) return part;
    if (part.how == Part::How::by) made.node.operands.push_back(std::move(part.node));
  }
  if (made.node.operands.empty()) return made;
  if (made.node.operands.size() == 1) {
    Node only = std::move(made.node.operands.front());
    return {Part::How::by, std::move(only)};
  }
  made.node.op = any ? Node::Op::any_of : Node::Op::all_of;
  made.how = Part::How::by;
  return made;
}

bool exact_in_kernel(const Node& node) {
  if (node.op == Node::Op::test) return decided_in_kernel(node.test->field);
  for (const Node& operand : node.operands) {
    if (!exact_in_kernel(operand)) return false;
  }
  return true;
}

// Of the parts that must all hold, those that the kernel cannot decide.
std::string console_part(const Node& root, bool coarse) {
  if (coarse) return to_text(root);
  if (exact_in_kernel(root)) return "nothing more";
  if (root.op != Node::Op::all_of) return to_text(root);
  Node rest;
  rest.op = Node::Op::all_of;
  for (const Node& operand : root.operands) {
    if (!exact_in_kernel(operand)) rest.operands.push_back(operand);
  }
  return to_text(rest.operands.size() == 1 ? rest.operands.front() : rest);
}

std::string names_in(const SyscallSet& set) {
  std::set<std::string_view> names;
  for (const Abi abi : {Abi::x86_64, Abi::i386}) {
    for (const syscall::Row& row : syscall::rows(abi)) {
      if (set.contains(abi, row.nr)) names.insert(row.name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

// The tests whose names are not spelt out.
void append_meanings(std::string& text, const Node& node) {
  for (const Node& operand : node.operands) append_meanings(text, operand);
  if (node.op != Node::Op::test || node.test->field != Field::syscall) return;
  const Test& test = *node.test;
  if (test.text.find_first_of("*?%~") == std::string::npos) return;
  text += fmt::format("where       {}: {}{}\n", test.text, test.negated ? "all but " : "",
                      names_in(std::get<SyscallTest>(test.body).set));
}

}  // namespace

std::string explain(const TypedExpr& expr) {
  const Pushdown pushdown = push_down(expr);
  const Part kernel = kernel_part(expr.root, true);
  std::string text = fmt::format("expression  {}\n", to_text(expr.root));
  text += fmt::format("kernel      {}\n", kernel.how == Part::How::by       ? to_text(kernel.node)
                                          : kernel.how == Part::How::always ? "every system call"
                                                                            : "no system call");
  text += fmt::format(
      "            {} of {} system calls on x86-64, {} of {} on i386; a BPF program of {} instructions\n",
      pushdown.x86_64.stopped, pushdown.x86_64.all, pushdown.i386.stopped, pushdown.i386.all,
      pushdown.program.size());
  if (pushdown.coarse)
    text += "            the conditions on arguments are too many for it, and are left to the console\n";
  text += fmt::format("console     {}\n", console_part(expr.root, pushdown.coarse));
  append_meanings(text, expr.root);
  return text;
}

}  // namespace sonde::filter

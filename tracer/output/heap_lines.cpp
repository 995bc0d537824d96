#include "output/heap_lines.hpp"

#include <algorithm>

#include "output/heap_call.hpp"

namespace sonde::output {

namespace {

bool is_start(const HeapLine& line, const stacks::SkipFunction& skip) {
  return line.function == "_start" || !stacks::is_site(line.module, line.function, skip);
}

}  // namespace

std::vector<HeapLine> lines_of(const HeapReportSource& source, analysis::HeapStackId stack, pid_t pid) {
  std::vector<HeapLine> lines;
  for (const event::FrameAddress& frame : source.table.shared().stacks.frames(stack)) {
    const stacks::NamedFrame named = source.stacks.namer.name(pid, frame);
    const std::string module = named.module != nullptr ? named.module->path : std::string();
    if (named.functions->empty()) lines.push_back({module, {}, {}, 0});
    for (const stacks::Function& function : *named.functions) {
      lines.push_back({module, function.name, function.file, function.line});
    }
  }
  const stacks::SkipFunction none;
  const stacks::SkipFunction& skip = source.stacks.skip != nullptr ? *source.stacks.skip : none;
  const auto site = std::find_if(lines.begin(), lines.end(), [&](const HeapLine& line) {
    return stacks::is_site(line.module, line.function, skip);
  });
  if (site != lines.end()) {
    lines.erase(lines.begin(), site);
    while (lines.size() > 1 && is_start(lines.back(), skip)) lines.pop_back();
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

std::string text_of(const HeapLine& line) {
  std::string text;
  append_site_text(text, line.site());
  return text;
}

void HeapTree::add(const std::vector<HeapLine>& lines, std::uint64_t value, std::uint64_t count) {
  Node* node = &root_;
  const auto enter = [&](std::string text) {
    auto known = std::find_if(node->callees.begin(), node->callees.end(),
                              [&](const Node& callee) { return callee.text == text; });
    if (known == node->callees.end()) {
      node->callees.push_back({std::move(text), 0, 0, {}});
      known = node->callees.end() - 1;
    }
    node = &*known;
    node->value += value;
    node->count += count;
  };
  for (const HeapLine& line : lines) enter(text_of(line));
  if (lines.empty()) enter("(no stack)");
}

std::vector<const HeapTree::Node*> HeapTree::chain_of(const Node& node) {
  std::vector<const Node*> chain{&node};
  while (chain.back()->callees.size() == 1) {
    const Node& callee = chain.back()->callees[0];
    if (callee.count != node.count || callee.value != node.value) break;
    chain.push_back(&callee);
  }
  return chain;
}

// Depth is bounded as the stacks' is (limits::stack_frames, with the functions inlined there).
void HeapTree::sort(Node& node) {
  std::stable_sort(node.callees.begin(), node.callees.end(),
                   [](const Node& a, const Node& b) { return a.value > b.value; });
  for (Node& callee : node.callees) sort(callee);
}

}  // namespace sonde::output

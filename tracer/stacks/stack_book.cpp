#include "sonde/stacks/stack_book.hpp"

#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::stacks {

void StackBook::apply(const event::Event& event) {
  if (const auto* stack = std::get_if<event::Stack>(&event.payload)) {
    // A stream that is not the tracer's own may forget to start generations.
    if (stack->new_generation || current_.size() >= limits::stack_generation) {
      previous_ = std::exchange(current_, {});
    }
    current_[stack->id] = {stack->end, {stack->frames.begin(), stack->frames.end()}};
  } else if (const auto* module = std::get_if<event::Module>(&event.payload)) {
    if (modules_.size() >= limits::modules) return;
    modules_[module->id] = {
        std::string(module->path), {module->build_id.begin(), module->build_id.end()}, event.task.pid};
  }
}

const Stack* StackBook::stack(std::uint32_t id) const {
  for (const Generation* generation : {&current_, &previous_}) {
    if (const auto found = generation->find(id); found != generation->end()) return &found->second;
  }
  return nullptr;
}

const Module* StackBook::module(std::uint32_t id) const {
  const auto found = modules_.find(id);
  return found == modules_.end() ? nullptr : &found->second;
}

}  // namespace sonde::stacks

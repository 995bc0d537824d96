#include "sonde/stacks/namer.hpp"

#include <utility>

#include "sonde/base/limits.hpp"

namespace sonde::stacks {

std::uint64_t lookup_address(const event::FrameAddress& frame) {
  const bool exact = (frame.flags & event::frame_is_exact) != 0;
  return exact || frame.address == 0 ? frame.address : frame.address - 1;
}

std::size_t Namer::PlaceHash::operator()(const Place& place) const {
  const std::uint64_t owner = std::uint64_t{place.module} << 32 | static_cast<std::uint32_t>(place.pid);
  return std::hash<std::uint64_t>()(place.address * 0x9e3779b97f4a7c15U ^ owner);
}

void Namer::apply(const event::Event& event) {
  if (const auto* names = std::get_if<event::FrameNames>(&event.payload)) {
    Functions functions;
    names->each([&](const event::NameEntry& entry, std::string_view function, std::string_view file) {
      functions.push_back(
          {std::string(function), entry.function_start, std::string(file), entry.line, entry.column});
    });
    keep({names->module == 0 ? event.task.pid : 0, names->module, names->address}, std::move(functions));
  } else if (std::holds_alternative<event::Exec>(event.payload)) {
    std::erase_if(known_, [&](const auto& entry) { return entry.first.pid == event.task.pid; });
  }
}

NamedFrame Namer::name(pid_t pid, const event::FrameAddress& frame) {
  const Place place{frame.module == 0 ? pid : 0, frame.module, lookup_address(frame)};
  return {frame.address, book_.module(frame.module), &look_up(place)};
}

const Functions& Namer::look_up(const Place& place) {
  if (const auto found = known_.find(place); found != known_.end()) return found->second;
  Functions functions;
  if (symbols_ != nullptr && place.module == 0) {
    functions = symbols_->in_memory(place.pid, place.address);
  } else if (const Module* module = book_.module(place.module); symbols_ != nullptr && module != nullptr) {
    functions = symbols_->in_module(*module, place.address);
  }
  return keep(place, std::move(functions));
}

Functions& Namer::keep(const Place& place, Functions functions) {
  std::size_t size = sizeof(Place) + sizeof(Functions);
  for (const Function& function : functions) {
    size += sizeof function + function.name.size() + function.file.size();
  }
  // What was forgotten is looked up anew; names that a recording brought once are lost then.
  if (bytes_ + size > limits::names_bytes) {
    known_.clear();
    bytes_ = 0;
  }
  bytes_ += size;
  return known_[place] = std::move(functions);
}

}  // namespace sonde::stacks

// What the frames of stacks are called. Each distinct address is looked up once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <sys/types.h>
#include <unordered_map>
#include <vector>

#include "sonde/event/event.hpp"
#include "sonde/stacks/stack_book.hpp"

namespace sonde::stacks {

// A function at an address. What is not known is empty or 0. All texts are untrusted.
struct Function {
  std::string name;         // As people read it: demangled.
  std::uint64_t start = 0;  // The function's address in its module.
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string linkage_name = {};  // As the file has it; of a live trace alone.
};

// Innermost first: the functions inlined at the address, then the one that they became part of.
using Functions = std::vector<Function>;

// Where names come from: files, of a live trace.
class Symbols {
 public:
  virtual ~Symbols() = default;

  // The functions at an address of a module. Empty when nothing is known of it.
  virtual Functions in_module(const Module& module, std::uint64_t address) = 0;
  // Those at an address of a process, where no file was mapped: code made at run time.
  virtual Functions in_memory(pid_t pid, std::uint64_t address) = 0;
};

// A frame and its names; views that stay valid until the namer's next call.
struct NamedFrame {
  std::uint64_t address;  // As in event::FrameAddress.
  const Module* module;   // Null where there is none.
  const Functions* functions;
};

class Namer {
 public:
  // `symbols` may be null, and must outlive the namer: then names are those that the stream brings.
  Namer(const StackBook& book, Symbols* symbols) : book_(book), symbols_(symbols) {}

  // A recording has names of its own, which go before what files say now.
  void apply(const event::Event& event);

  NamedFrame name(pid_t pid, const event::FrameAddress& frame);

 private:
  struct Place {
    pid_t pid;  // 0 in a module.
    std::uint32_t module;
    std::uint64_t address;
    bool operator==(const Place&) const = default;
  };
  struct PlaceHash {
    std::size_t operator()(const Place& place) const;
  };

  const Functions& look_up(const Place& place);
  Functions& keep(const Place& place, Functions functions);

  const StackBook& book_;
  Symbols* symbols_;
  std::unordered_map<Place, Functions, PlaceHash> known_;
  std::size_t bytes_ = 0;
};

// The address by which a frame's function and line are looked up: before the return address is the call.
std::uint64_t lookup_address(const event::FrameAddress& frame);

}  // namespace sonde::stacks

#include "sonde/stacks/namer.hpp"

#include <algorithm>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "sonde/stacks/site.hpp"

using namespace sonde;
using namespace sonde::stacks;

namespace {

event::Event of(TaskId task, decltype(event::Event::payload) payload) {
  return {0, task, std::move(payload)};
}

// Names each address of a module "PATH@ADDRESS", and counts how often it was asked.
class CountingSymbols final : public Symbols {
 public:
  Functions in_module(const Module& module, std::uint64_t address) override {
    ++asked;
    if (const auto found = special.find(address); found != special.end()) return found->second;
    return {{module.path + "@" + std::to_string(address), address & ~0xfU, "", 0, 0}};
  }
  Functions in_memory(pid_t pid, std::uint64_t address) override {
    ++asked;
    return {{"jit" + std::to_string(pid) + "@" + std::to_string(address), address, "", 0, 0}};
  }

  std::unordered_map<std::uint64_t, Functions> special;
  int asked = 0;
};

struct Setup {
  Setup() : namer(book, &symbols) {
    apply(of({1, 1}, event::Module{1, {}, "/bin/program"}));
    apply(of({1, 1}, event::Module{2, {}, "/lib/x86_64-linux-gnu/libc.so.6"}));
  }
  void apply(const event::Event& event) {
    book.apply(event);
    namer.apply(event);
  }
  StackBook book;
  CountingSymbols symbols;
  Namer namer;
};

}  // namespace

TEST_CASE("an address is looked up once, a return address one byte before it") {
  Setup setup;
  const event::FrameAddress caller{0x100, 1, 0};
  CHECK(setup.namer.name(1, caller).functions->front().name == "/bin/program@255");
  CHECK(setup.namer.name(9, caller).functions->front().name == "/bin/program@255");
  CHECK(setup.symbols.asked == 1);
  const event::FrameAddress innermost{0x100, 1, event::frame_is_exact};
  CHECK(setup.namer.name(1, innermost).functions->front().name == "/bin/program@256");
  CHECK(setup.symbols.asked == 2);
}

TEST_CASE("code without a file has names of its process, until that executes another program") {
  Setup setup;
  const event::FrameAddress code{0x5000, 0, event::frame_is_exact};
  CHECK(setup.namer.name(7, code).functions->front().name == "jit7@20480");
  CHECK(setup.namer.name(8, code).functions->front().name == "jit8@20480");
  setup.namer.name(7, code);
  CHECK(setup.symbols.asked == 2);
  CHECK(setup.namer.name(7, code).module == nullptr);
  setup.apply(of({7, 7}, event::Exec{7}));
  setup.namer.name(7, code);
  setup.namer.name(8, code);
  CHECK(setup.symbols.asked == 3);
}

TEST_CASE("a recording's names go before those of files") {
  Setup setup;
  const event::NameEntry entries[] = {{0, 5, 3, 12, 4}, {0xf0, 4, 0, 0, 0}};
  const std::string_view texts = "innera.couter";
  setup.apply(of({1, 1}, event::FrameNames{1, 0xff, entries, std::as_bytes(std::span(texts))}));
  const NamedFrame frame = setup.namer.name(1, {0x100, 1, 0});
  REQUIRE(frame.functions->size() == 2);
  CHECK(frame.functions->at(0).name == "inner");
  CHECK(frame.functions->at(0).file == "a.c");
  CHECK(frame.functions->at(0).line == 12);
  CHECK(frame.functions->at(1).name == "oute");
  CHECK(frame.functions->at(1).start == 0xf0);
  CHECK(setup.symbols.asked == 0);
}

TEST_CASE("stacks are kept for two generations") {
  StackBook book;
  const event::FrameAddress frames[] = {{1, 0, 0}};
  const auto add = [&](std::uint32_t id, bool first) {
    book.apply(of({1, 1}, event::Stack{id, event::StackEnd::complete, first, frames}));
  };
  add(1, false);
  add(2, true);
  CHECK(book.stack(1) != nullptr);
  add(3, true);
  CHECK(book.stack(1) == nullptr);
  REQUIRE(book.stack(2) != nullptr);
  CHECK(book.stack(2)->frames.size() == 1);
  CHECK(book.stack(0) == nullptr);
  // A stream that never begins one does not grow without bound.
  for (std::uint32_t id = 4; id < 4 * limits::stack_generation; ++id) add(id, false);
  CHECK(book.stack(3) == nullptr);
  CHECK(book.stack(4 * limits::stack_generation - 1) != nullptr);
}

TEST_CASE("the site is the innermost function that is the program's own") {
  Setup setup;
  setup.symbols.special[0x10] = {{"std::vector<int>::push_back(int const&)", 0, "stl_vector.h", 1, 0},
                                 {"void ns::fill<int>(int)", 8, "/src/fill.cpp", 42, 0}};
  const Stack stack{event::StackEnd::complete,
                    {{0x500, 2, event::frame_is_exact}, {0x11, 1, 0}, {0x300, 1, 0}}};
  const auto site = site_of(stack, 1, setup.namer, {});
  REQUIRE(site);
  CHECK(site->module == "/bin/program");
  CHECK(site->function == "void ns::fill<int>(int)");
  CHECK(site->line == 42);
  const auto further = site_of(stack, 1, setup.namer, [](std::string_view, std::string_view function) {
    return function.find("fill") != std::string_view::npos;
  });
  REQUIRE(further);
  CHECK(further->function == "/bin/program@767");
  const Stack inside_libc{event::StackEnd::complete, {{0x500, 2, event::frame_is_exact}}};
  CHECK_FALSE(site_of(inside_libc, 1, setup.namer, {}));
}

TEST_CASE("a function's short name has neither its return type nor its parameters") {
  CHECK(without_parameters("main") == "main");
  CHECK(without_parameters("parse(char const*)") == "parse");
  CHECK(without_parameters("void ns::fill<int>(int)") == "ns::fill<int>");
  CHECK(without_parameters("std::map<int, long> make(std::pair<int, long>)") == "make");
  CHECK(without_parameters("operator new(unsigned long)") == "operator new");
  CHECK(without_parameters("ns::F::operator()(int) const") == "ns::F::operator()");
  CHECK(without_parameters("(anonymous namespace)::f(int)") == "(anonymous namespace)::f");
  CHECK(without_parameters("bool ns::operator==<int>(A<int> const&, A<int> const&)") ==
        "ns::operator==<int>");
  CHECK(without_parameters("") == "");
  CHECK(without_parameters("main::{lambda(int)#1}::operator()(int) const") ==
        "main::{lambda(int)#1}::operator()");
  CHECK(without_parameters("main::(anonymous)::operator()") == "main::(anonymous)::operator()");
  CHECK(without_parameters("((((") == "");
}

TEST_CASE("runtime libraries are told by their files' names") {
  for (const auto* path :
       {"/lib/x86_64-linux-gnu/libc.so.6", "/usr/lib/libstdc++.so.6.0.30", "/lib64/ld-linux-x86-64.so.2",
        "[vdso]", "/opt/libjemalloc.so.2", "/lib/ld-musl-x86_64.so.1"}) {
    CHECK(is_runtime(path));
  }
  for (const auto* path : {"/usr/bin/libc.source", "/usr/lib/libcurl.so.4", "", "/bin/ls"})
    CHECK_FALSE(is_runtime(path));
}

#include "sonde/suppress/match.hpp"

#include <initializer_list>
#include <string>

#include <doctest/doctest.h>

#include "sonde/suppress/frame_names.hpp"
#include "sonde/suppress/matcher.hpp"
#include "unit/suppress/stacks.hpp"

using namespace sonde::suppress;

namespace {

using Sizes = std::vector<unsigned>;

// The blocks that the one entry of a text hides; matches() and Matcher must agree.
Sizes hidden(const std::string& text) {
  const Suppressions suppressions = parsed(text);
  REQUIRE_MESSAGE(suppressions.all().size() == 1, text);
  Matcher matcher(suppressions.all());
  Sizes sizes;
  for (const NamedStack& stack : stacks()) {
    const Leak leak{LeakKind::definite, stack.frames};
    const bool found = matches(suppressions.all().front(), leak);
    CHECK_MESSAGE(matcher.first_match(leak).has_value() == found, text);
    if (found) sizes.push_back(stack.bytes);
  }
  return sizes;
}

Sizes block(std::initializer_list<const char*> lines) {
  std::string text = "{\n  name\n  Memcheck:Leak\n";
  for (const char* line : lines) text += std::string("  ") + line + "\n";
  return hidden(text + "}\n");
}

Sizes lsan(const std::string& pattern) { return hidden("leak:" + pattern + "\n"); }

}  // namespace

// What valgrind 3.19 has left out of its report, of the program that stacks.hpp tells of.
TEST_CASE("blocks match what valgrind matches") {
  const Sizes all = {40, 50, 77, 78};
  CHECK(block({"...", "fun:main", "fun:(below main)"}) == Sizes{40, 50});
  CHECK(block({"...", "fun:main", "fun:__libc_start_call_main"}) == Sizes{});
  CHECK(block({"...", "fun:main", "fun:__libc_start*"}) == Sizes{});
  CHECK(block({"...", "fun:main", "fun:*"}) == Sizes{40, 50});
  CHECK(block({"...", "fun:main", "fun:*", "fun:*"}) == Sizes{40, 50});
  CHECK(block({"...", "fun:main", "fun:(below main)", "fun:(below main)", "fun:(below main)"}) == Sizes{});
  CHECK(block({"...", "fun:main", "fun:*", "fun:__libc_start_main@@GLIBC_2.34"}) == Sizes{40, 50});
  CHECK(block({"...", "fun:__libc_start_main@@GLIBC_2.34", "fun:(below main)"}) == Sizes{40, 50});
  CHECK(block({"...", "fun:main", "...", "fun:_start"}) == Sizes{});
  CHECK(block({"...", "fun:main", "obj:*libc.so*"}) == Sizes{40, 50});
  CHECK(block({"...", "fun:clone", "fun:*"}) == Sizes{});
  CHECK(block({"obj:*", "src:leak.cpp:11"}) == Sizes{50, 78});
  CHECK(block({"obj:*", "src:leak.cpp"}) == all);
  CHECK(block({"fun:_Znam", "src:*/leak.cpp"}) == Sizes{});
  CHECK(block({"fun:malloc", "src:leak.cpp:5"}) == Sizes{40, 77});
  CHECK(block({"...", "fun:_Z6workerPv", "src:pthread_create.c"}) == Sizes{77, 78});
  CHECK(block({"...", "obj:*/leak", "...", "src:clone.S:100"}) == Sizes{77, 78});
  CHECK(block({"match-leak-kinds: definite,indirect   ", "...", "fun:main"}) == Sizes{40, 50});
  CHECK(block({"match-leak-kinds:,definite,", "...", "fun:main"}) == Sizes{40, 50});
  CHECK(block({"match-leak-kinds: none", "...", "fun:main"}) == Sizes{});
  CHECK(block({"match-leak-kinds: possible", "...", "fun:main"}) == Sizes{});
  CHECK(block({"match-leak-kinds: all", "...", "fun:main"}) == Sizes{40, 50});
  CHECK(block({"...", "fun:*"}) == all);
  CHECK(block({"fun:*", "..."}) == all);
  CHECK(block({"...", "fun: main"}) == Sizes{});
  CHECK(block({"...", "fun:"}) == Sizes{});
  CHECK(block({"...", "fun:main # c"}) == Sizes{});
  CHECK(block({"...", "fun:shop::Shelf::fill(unsigned int)"}) == Sizes{});
  CHECK(block({"...", "fun:_ZN4shop5Shelf4fillEj"}) == Sizes{40, 77});
  CHECK(block({"fun:_Znam", "fun:plain_c"}) == Sizes{50, 78});
  CHECK(block({"fun:_Znam", "obj:/tmp/supp/leak"}) == Sizes{50, 78});
  CHECK(block({"fun:_Znam", "obj:leak"}) == Sizes{});
  CHECK(block({"fun:_Zna?", "fun:plain?c"}) == Sizes{50, 78});
  CHECK(block({"fun:_Zna[m]", "fun:plain_c"}) == Sizes{});
  CHECK(block({"fun:_Znam", "fun:plain\\_c"}) == Sizes{});
  CHECK(block({"fun:malloc", "fun:_ZN4shop7wrappedEj"}) == Sizes{});
  CHECK(block({"fun:malloc", "fun:wrapped"}) == Sizes{40, 77});
  CHECK(block({"fun:malloc", "...", "fun:wrapped", "..."}) == Sizes{40, 77});
  CHECK(block({"fun:*", "fun:*", "fun:*", "fun:*", "fun:main"}) == Sizes{40});
  CHECK(block({"...", "fun:pthread_create*"}) == Sizes{});
  CHECK(block({"...", "fun:start_thread"}) == Sizes{77, 78});
  CHECK(block({"fun:malloc", "...", "...", "fun:worker*"}) == Sizes{});
  CHECK(block({"fun:plain_c"}) == Sizes{});  // The innermost frame is _Znam.
  CHECK(hidden("{\n n\n Helgrind,Memcheck:Leak\n ...\n fun:main\n}\n") == Sizes{40, 50});
  CHECK(hidden("{\n n\n Helgrind:Race\n ...\n fun:main\n}\n") == Sizes{});
  CHECK(hidden("{\n n\n Memcheck:Cond\n ...\n fun:main\n}\n") == Sizes{});
}

TEST_CASE("src: is compared with the frame's own place where functions were inlined before it") {
  // valgrind 3.19 counts return addresses there, and so is one inlined function off.
  CHECK(block({"fun:malloc", "fun:wrapped", "src:leak.cpp:7"}) == Sizes{40, 77});
}

TEST_CASE("lines of LeakSanitizer's match functions, files and modules of any frame") {
  const Sizes all = {40, 50, 77, 78};
  CHECK(lsan("shop::wrapped") == Sizes{40, 77});
  CHECK(lsan("wrapped(unsigned int)") == Sizes{40, 77});
  CHECK(lsan("^wrapped") == Sizes{});
  CHECK(lsan("^shop::wrapped(unsigned int)$") == Sizes{40, 77});
  CHECK(lsan("shop::stock<unsigned int>") == Sizes{40, 77});
  CHECK(lsan("_ZN4shop") == Sizes{});
  CHECK(lsan("plain_c") == Sizes{50, 78});
  CHECK(lsan("^main$") == Sizes{40, 50});
  CHECK(lsan("worker(void*)") == Sizes{77, 78});
  CHECK(lsan("start_thread") == Sizes{77, 78});
  CHECK(lsan("__libc_start_call_main") == Sizes{40, 50});
  CHECK(lsan("leak.cpp") == all);
  CHECK(lsan("leak.cpp$") == all);
  CHECK(lsan("leak.cpp:5") == Sizes{});
  CHECK(lsan("pthread_create.c") == Sizes{77, 78});
  CHECK(lsan("/tmp/*/leak$") == all);
  CHECK(lsan("libc.so") == all);
  CHECK(lsan("") == all);
  CHECK(lsan(" foo") == Sizes{});
}

TEST_CASE("kinds") {
  const Suppressions some =
      parsed("{\n n\n Memcheck:Leak\n match-leak-kinds: reachable,possible\n ...\n fun:main\n}\n");
  const auto& frames = stacks().front().frames;
  CHECK_FALSE(matches(some.all().front(), {LeakKind::definite, frames}));
  CHECK_FALSE(matches(some.all().front(), {LeakKind::indirect, frames}));
  CHECK(matches(some.all().front(), {LeakKind::possible, frames}));
  CHECK(matches(some.all().front(), {LeakKind::reachable, frames}));
  CHECK(matches(parsed("leak:main").all().front(), {LeakKind::reachable, frames}));
}

TEST_CASE("frames that nothing is known of") {
  const std::vector<Frame> frames = {{"malloc", "malloc", "", 0, "", false}, {"", "", "", 0, "", false}};
  const Leak leak{LeakKind::definite, frames};
  const auto found = [&](const char* line) {
    return matches(
        parsed(std::string("{\n n\n Memcheck:Leak\n fun:malloc\n ") + line + "\n}\n").all().front(), leak);
  };
  CHECK(found("fun:???"));
  CHECK(found("obj:???"));
  CHECK(found("fun:*"));
  CHECK_FALSE(matches(parsed("{\n n\n Memcheck:Leak\n ...\n src:*\n}\n").all().front(), leak));
  CHECK_FALSE(matches(parsed("leak:???").all().front(), leak));
  CHECK_FALSE(matches(parsed("leak:*").all().front(), {LeakKind::definite, {}}));
}

TEST_CASE("many ... take little time") {
  std::string text = "{\n n\n Memcheck:Leak\n";
  for (int i = 0; i < 100; ++i) text += " ...\n fun:a*a*a*a\n";
  const Suppressions suppressions = parsed(text + " fun:b\n}\n");
  const std::string name(1000, 'a');
  const std::vector<Frame> frames(256, Frame{name, "", "", 0, "", false});
  CHECK_FALSE(matches(suppressions.all().front(), {LeakKind::definite, frames}));
}

TEST_CASE("what a function was declared as") {
  CHECK(unqualified("void* shop::wrap<int>(unsigned int)") == "wrap<int>");
  CHECK(unqualified("shop::wrapped(unsigned int)") == "wrapped");
  CHECK(unqualified("main") == "main");
  CHECK(unqualified("a::b<c::d(e)>::f() const") == "f");
  CHECK(unqualified("(anonymous namespace)::f(int)") == "f");
  CHECK(unqualified("a::(anonymous namespace)::f(int)") == "f");
  CHECK(unqualified("a::~a()") == "~a");
  CHECK(unqualified("a::operator()(int) const") == "operator()");
  CHECK(unqualified("bool std::operator< <char>(int, int)") == "operator< <char>");
  CHECK(unqualified("a::operator bool() const") == "operator bool");
  CHECK(unqualified("operator new(unsigned long)") == "operator new");
  CHECK(unqualified("a::my_operator(int)") == "my_operator");
  CHECK(unqualified("").empty());
  CHECK(unqualified("(") == "");
  CHECK(unqualified("a<") == "a<");
}

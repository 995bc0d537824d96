#include "sonde/suppress/writer.hpp"

#include <string>

#include <doctest/doctest.h>

#include "sonde/base/limits.hpp"
#include "sonde/suppress/match.hpp"
#include "unit/suppress/stacks.hpp"

using namespace sonde::suppress;

TEST_CASE("a block is what valgrind --gen-suppressions writes") {
  CHECK(valgrind_block({LeakKind::definite, stacks()[0].frames}) ==
        "{\n   <insert_a_suppression_name_here>\n   Memcheck:Leak\n   match-leak-kinds: definite\n"
        "   fun:malloc\n   fun:wrapped\n   fun:_ZN4shop5Shelf4fillEj\n   fun:_ZN4shop5stockIjEEvT_\n"
        "   fun:main\n}\n");
  const std::vector<Frame> frames = {{"malloc", "malloc", "", 0, "/lib/a.so", false},
                                     {"", "", "", 0, "/lib/b.so", false},
                                     {"", "", "", 0, "", false}};
  CHECK(valgrind_block({LeakKind::possible, frames}, "mine") ==
        "{\n   mine\n   Memcheck:Leak\n   match-leak-kinds: possible\n   fun:malloc\n   obj:/lib/b.so\n   "
        "obj:*\n}\n");
}

TEST_CASE("a line for a frame") {
  CHECK(lsan_line(stacks()[0].frames[2]) == "leak:^shop::Shelf::fill(unsigned int)$\n");
  CHECK(lsan_line({"", "", "a.c", 1, "/lib/a.so", false}) == "leak:^/lib/a.so$\n");
  CHECK(lsan_line({"", "", "a.c", 1, "", false}) == "leak:^a.c$\n");
  CHECK(lsan_line({}).empty());
  CHECK(lsan_line({"$", "", "", 1, "", false}).empty());
}

TEST_CASE("what is written matches what it was written for, whatever its names are") {
  const std::string longest(2 * sonde::limits::name_bytes, 'x');
  for (const std::string& name :
       {std::string("plain"), std::string("a*b?c"), std::string(" spaces "), std::string("a\nb\tc"),
        std::string("{"), std::string("_ZN$LT$a$GT$b$b$"), std::string("^a^$"), std::string("\x80\xff"),
        std::string("a\0b", 3), std::string("}"), std::string("a[b]\\"), longest}) {
    CAPTURE(name);
    for (const bool inlined : {false, true}) {
      const std::vector<Frame> frames = {{"malloc", "malloc", "", 0, "", false},
                                         {name, name, "", 0, name, inlined}};
      const Leak leak{LeakKind::reachable, frames};
      for (const std::string& text : {valgrind_block(leak), lsan_line(frames[1])}) {
        CAPTURE(text);
        const Suppressions read = parsed(text);
        CHECK(read.problems().empty());
        REQUIRE(read.all().size() == 1);
        CHECK(matches(read.all().front(), leak));
      }
    }
  }
}

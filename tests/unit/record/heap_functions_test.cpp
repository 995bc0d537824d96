#include "sonde/record/heap_functions.hpp"

#include <doctest/doctest.h>

using namespace sonde;
using namespace sonde::record;

TEST_CASE("a function of the user's, and which of its arguments count") {
  const auto pool =
      parse_heap_function("name=pool_alloc,size=arg1,count=arg2,alignment=arg3,returns=pointer");
  REQUIRE(pool);
  CHECK(pool->symbol == "pool_alloc");
  CHECK(*pool->arguments.size == 1);
  CHECK(*pool->arguments.count == 2);
  CHECK(*pool->arguments.alignment == 3);
  CHECK_FALSE(pool->arguments.block);
  CHECK(pool->by_user());
  CHECK_FALSE(pool->releases());
  const auto resize = parse_heap_function("name=pool_resize,pointer=arg0,size=arg5");
  REQUIRE(resize);
  CHECK(resize->resizes());
  const auto release = parse_heap_function("free=pool_free,pointer=arg1");
  REQUIRE(release);
  CHECK(release->releases());
  CHECK(*release->arguments.block == 1);
}

TEST_CASE("what describes no function is refused, with what is missing") {
  for (const char* bad : {"", "name=", "name=a", "free=a", "name=a,size", "name=a,size=arg6", "name=a,size=1",
                          "size=arg0", "name=a,size=arg0,returns=int", "name=a,free=b,size=arg0",
                          "free=a,pointer=arg0,size=arg1", "name=a,colour=arg0", "name=a,,size=arg0"}) {
    CAPTURE(bad);
    const auto parsed = parse_heap_function(bad);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().context.find("write 'name=FUNCTION") != std::string::npos);
  }
}

TEST_CASE("the table's functions, and before them the user's") {
  const std::vector<HeapFunction> own{*parse_heap_function("name=malloc,size=arg1")};
  const HeapFunctions functions(own);
  CHECK(functions[*functions.find("malloc")].by_user());
  CHECK_FALSE(functions.find("nothing"));
  const HeapFunction& calloc = functions[*functions.find("calloc")];
  CHECK(calloc.number == allocator::Function::calloc);
  CHECK(*calloc.arguments.count == 0);
  CHECK(*calloc.arguments.size == 1);
  CHECK(functions[*functions.find("_ZdlPv")].releases());
  CHECK(functions[*functions.find("realloc")].resizes());
  CHECK(functions[*functions.find("posix_memalign")].arguments.result);
}

TEST_CASE("the function that begins a round is known by its symbol, and as it is demangled") {
  const auto is_round = [](std::string_view round, std::string_view symbol) {
    const HeapFunctions functions({}, round);
    const auto found = functions.find(symbol);
    return found && functions[*found].purpose == HeapPurpose::round;
  };
  CHECK(is_round("serve", "serve"));
  CHECK(is_round("serve", "_Z5servei"));
  CHECK(is_round("serve(int)", "_Z5servei"));
  CHECK(is_round("app::Server::serve", "_ZN3app6Server5serveEi"));
  CHECK(is_round("_Z5servei", "_Z5servei"));
  CHECK_FALSE(is_round("serve", "_ZN3app6Server5serveEi"));
  CHECK_FALSE(is_round("serve", "_Z6serverv"));
  CHECK_FALSE(is_round("serve(long)", "_Z5servei"));
  // A part of it that is seldom run is no call.
  CHECK_FALSE(is_round("serve", "_Z5servei.cold"));
  CHECK_FALSE(is_round("serve", "malloc"));
  CHECK_FALSE(HeapFunctions({}).find("execve").has_value());
  const HeapFunctions looks({}, {}, true);
  REQUIRE(looks.find("execve"));
  CHECK(looks[*looks.find("execve")].purpose == HeapPurpose::executes);
  CHECK(looks[*looks.find("malloc")].purpose == HeapPurpose::allocator);
}

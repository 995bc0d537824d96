#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

std::string result(std::int64_t value) {
  const std::string text = CallBuilder("close").arg(3).ret(value).text();
  return text.substr(text.find('=') + 2);
}

}  // namespace

TEST_CASE("results") {
  CHECK(result(0) == "0");
  CHECK(result(-ENOENT) == "-1 ENOENT (No such file or directory)");
  CHECK(result(-EAGAIN) == "-1 EAGAIN (Resource temporarily unavailable)");
  CHECK(result(-1000) == "-1 ERRNO_1000 (Unknown error 1000)");
  CHECK(CallBuilder("mmap").arg(0).arg(1).arg(0).arg(0).arg(0).arg(0).ret(-ENOMEM).text() ==
        "mmap(NULL, 1, PROT_NONE, MAP_FILE, 0, 0) = -1 ENOMEM (Cannot allocate memory)");
}

TEST_CASE("calls that will be restarted have no result yet") {
  CHECK(result(-512) == "? ERESTARTSYS (To be restarted if SA_RESTART is set)");
  CHECK(result(-513) == "? ERESTARTNOINTR (To be restarted)");
  CHECK(result(-514) == "? ERESTARTNOHAND (To be restarted if no handler)");
  CHECK(result(-516) == "? ERESTART_RESTARTBLOCK (Interrupted by signal)");
}

TEST_CASE("addresses are hexadecimal even when they are 0") {
  CHECK(CallBuilder("brk").arg(0).ret(0).text() == "brk(NULL) = 0");
}

}  // namespace sonde::decode

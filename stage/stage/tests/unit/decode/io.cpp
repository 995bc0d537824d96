// Expected lines are what strace 6.1 prints for the same calls.
#include <sys/uio.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

using namespace std::string_view_literals;

std::string iovec_at(std::uint64_t address, std::uint64_t size) { return bytes_of(address, size); }

}  // namespace

TEST_CASE("buffers are cut at the string limit") {
  const std::string text = "12345678901234567890123456789012";
  CHECK(CallBuilder("write").arg(1).in(text).arg(32).ret(32).text() == "write(1, \"" + text + "\", 32) = 32");
  CHECK(CallBuilder("write").arg(1).in(text).arg(33).ret(33).text() ==
        "write(1, \"" + text + "\"..., 33) = 33");
  CHECK(CallBuilder("write").arg(1).in("abc").arg(0).ret(0).text() == R"(write(1, "", 0) = 0)");
  CHECK(CallBuilder("write").arg(1).arg(0).arg(3).ret(-EFAULT).text() ==
        "write(1, NULL, 3) = -1 EFAULT (Bad address)");
  CHECK(CallBuilder("write").arg(1).arg(8).arg(3).ret(-EFAULT).text() ==
        "write(1, 0x8, 3) = -1 EFAULT (Bad address)");
  CHECK(CallBuilder("read").arg(3).out("root:x:0:0").arg(100).ret(10).text() ==
        R"(read(3, "root:x:0:0", 100) = 10)");
  CHECK(CallBuilder("read").arg(3).arg(0x7000).arg(0).ret(0).text() == R"(read(3, "", 0) = 0)");
  CHECK(CallBuilder("read").arg(9).arg(0x7000).arg(100).ret(-EBADF).text() ==
        "read(9, 0x7000, 100) = -1 EBADF (Bad file descriptor)");
  CallBuilder call("write");
  call.arg(1).in("abcdef").arg(6).ret(6);
  call.style.string_limit = 2;
  CHECK(call.text() == R"(write(1, "ab"..., 6) = 6)");
  call.style.string_limit = 0;
  CHECK(call.text() == R"(write(1, ""..., 6) = 6)");
}

TEST_CASE("strings: whole names, cut texts, memory that ends too early") {
  const std::string name(100, 'n');
  CHECK(CallBuilder("chdir").path(name).ret(0).text() == "chdir(\"" + name + "\") = 0");
  CHECK(CallBuilder("chdir").in("abcd").ret(-EFAULT).text() == "chdir(0x10000) = -1 EFAULT (Bad address)");
  const std::string limit(32, 's');
  const auto attribute = [](std::string_view text) {
    return CallBuilder("removexattr").path("f").in(text).ret(0).text();
  };
  CHECK(attribute(limit + '\0') == "removexattr(\"f\", \"" + limit + "\") = 0");
  CHECK(attribute(limit + "s") == "removexattr(\"f\", \"" + limit + "\"...) = 0");
  CHECK(attribute("abcd") == R"(removexattr("f", 0x20000) = 0)");
}

TEST_CASE("what was left out on request is said so") {
  CHECK(CallBuilder("write").arg(1).redacted(0x5000).arg(5).ret(5).text() == "write(1, <redacted>, 5) = 5");
  CHECK(CallBuilder("chdir").redacted(0x5000).ret(0).text() == "chdir(<redacted>) = 0");
}

TEST_CASE("iovecs") {
  CallBuilder call("writev");
  call.arg(9)
      .in(iovec_at(0x5000, 3) + iovec_at(0x6000, 2))
      .arg(2)
      .memory(0x5000, "abc")
      .memory(0x6000, "\0\0"sv);
  CHECK(call.ret(5).text() ==
        R"(writev(9, [{iov_base="abc", iov_len=3}, {iov_base="\0\0", iov_len=2}], 2) = 5)");
  CHECK(CallBuilder("writev").arg(9).in(iovec_at(0, 0)).arg(2).ret(-EBADF).text() ==
        "writev(9, [{iov_base=NULL, iov_len=0}, ... /* 0x10010 */], 2) = -1 EBADF (Bad file descriptor)");
  CHECK(CallBuilder("writev").arg(9).arg(0x5000).arg(0).ret(0).text() == "writev(9, [], 0) = 0");
  CHECK(CallBuilder("writev").arg(9).arg(0).arg(3).ret(-EFAULT).text() ==
        "writev(9, NULL, 3) = -1 EFAULT (Bad address)");
  CallBuilder many("writev");
  many.arg(9).in(iovec_at(0, 0) + iovec_at(0, 0) + iovec_at(0, 0)).arg(3).ret(0);
  many.style.string_limit = 2;
  CHECK(many.text() == "writev(9, [{iov_base=NULL, iov_len=0}, {iov_base=NULL, iov_len=0}, ...], 3) = 0");
}

TEST_CASE("what was read fills one iovec after the other") {
  CallBuilder call("readv");
  call.arg(3).out(iovec_at(0x5000, 5) + iovec_at(0x6000, 10) + iovec_at(0x7000, 4)).arg(3).ret(7);
  call.left(0x5000, "root:").left(0x6000, "x:");
  CHECK(
      call.text() ==
      R"(readv(3, [{iov_base="root:", iov_len=5}, {iov_base="x:", iov_len=10}, {iov_base="", iov_len=4}], 3) = 7)");
}

TEST_CASE("preadv2 and pwritev2 hide the upper half of their offset") {
  CallBuilder call("pwritev2");
  call.arg(9).in(iovec_at(0, 0)).arg(1).arg(7).arg(0).arg(0x101).ret(0);
  CHECK(call.text() == "pwritev2(9, [{iov_base=NULL, iov_len=0}], 1, 7, RWF_HIPRI|0x100) = 0");
}

TEST_CASE("offsets and what became of them") {
  const auto sendfile = [](std::int64_t before, std::int64_t after) {
    return CallBuilder("sendfile").arg(7).arg(3).inout(bytes_of(before), bytes_of(after)).arg(10);
  };
  CHECK(sendfile(0, 10).ret(10).text() == "sendfile(7, 3, [0] => [10], 10) = 10");
  CHECK(sendfile(3, 3).ret(-EBADF).text() == "sendfile(7, 3, [3], 10) = -1 EBADF (Bad file descriptor)");
  CHECK(CallBuilder("sendfile").arg(7).arg(3).arg(0).arg(10).ret(10).text() ==
        "sendfile(7, 3, NULL, 10) = 10");
  CHECK(CallBuilder("splice").arg(3).in(bytes_of(5l)).arg(6).arg(0).arg(10).arg(5).ret(10).text() ==
        "splice(3, [5], 6, NULL, 10, SPLICE_F_MOVE|SPLICE_F_MORE) = 10");
}

TEST_CASE("extended attributes") {
  CHECK(CallBuilder("fsetxattr").arg(3).in("user.a\0"sv).in("val\0"sv).arg(4).arg(1).ret(0).text() ==
        R"(fsetxattr(3, "user.a", "val", 4, XATTR_CREATE) = 0)");
  CHECK(CallBuilder("fgetxattr").arg(3).in("user.a\0"sv).out("hello\1").arg(100).ret(6).text() ==
        R"(fgetxattr(3, "user.a", "hello\1", 100) = 6)");
  CHECK(CallBuilder("fgetxattr").arg(3).in("user.a\0"sv).arg(0).arg(0).ret(6).text() ==
        R"(fgetxattr(3, "user.a", NULL, 0) = 6)");
}

TEST_CASE("programs' arguments") {
  CallBuilder call("execve");
  call.path("/bin/ls").in(bytes_of(0x5000ul, 8ul, 0ul)).in(bytes_of(0x5000ul, 0ul)).memory(0x5000, "ls\0"sv);
  CHECK(call.ret(0).text() == R"(execve("/bin/ls", ["ls", 0x8], 0x30000 /* 1 var */) = 0)");
  call.style.verbose = true;
  CHECK(call.text() == R"(execve("/bin/ls", ["ls", 0x8], ["ls"]) = 0)");
  CallBuilder unterminated("execve");
  unterminated.path("x").in(bytes_of(0x5000ul)).in(bytes_of(0x5000ul, 0x5000ul)).memory(0x5000, "q\0"sv);
  CHECK(unterminated.ret(-ENOENT).text() ==
        R"(execve("x", ["q", ... /* 0x20008 */], 0x30000 /* 2 vars, unterminated */) )"
        R"(= -1 ENOENT (No such file or directory))");
}

}  // namespace sonde::decode

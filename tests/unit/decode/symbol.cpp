#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

// How a value of that kind is printed.
std::string shown(syscall::Kind kind, std::uint64_t number, Xlat xlat = Xlat::abbrev) {
  const Call call = CallBuilder("close").arg(3).ret(0).made();
  Style style;
  style.xlat = xlat;
  std::string text;
  TextWriter writer(text, HexStrings::never);
  render(kind, {call, 0, number, style, writer});
  return text;
}

}  // namespace

TEST_CASE("one of several constants") {
  CHECK(shown(syscall::Kind::seek_whence, 1) == "SEEK_CUR");
  CHECK(shown(syscall::Kind::seek_whence, 1, Xlat::raw) == "0x1");
  CHECK(shown(syscall::Kind::seek_whence, 1, Xlat::verbose) == "0x1 /* SEEK_CUR */");
  CHECK(shown(syscall::Kind::seek_whence, 0, Xlat::verbose) == "0 /* SEEK_SET */");
  CHECK(shown(syscall::Kind::seek_whence, 77) == "0x4d /* SEEK_??? */");
  CHECK(shown(syscall::Kind::seek_whence, 77, Xlat::raw) == "0x4d");
  SUBCASE("of an int, the upper half of the register does not count") {
    CHECK(shown(syscall::Kind::seek_whence, 0xffffffff00000001) == "SEEK_CUR");
  }
}

TEST_CASE("sums of flags") {
  CHECK(shown(syscall::Kind::splice_flags, 0) == "0");
  CHECK(shown(syscall::Kind::splice_flags, 0, Xlat::verbose) == "0");
  CHECK(shown(syscall::Kind::splice_flags, 5) == "SPLICE_F_MOVE|SPLICE_F_MORE");
  CHECK(shown(syscall::Kind::splice_flags, 0x105) == "SPLICE_F_MOVE|SPLICE_F_MORE|0x100");
  CHECK(shown(syscall::Kind::splice_flags, 0x100) == "0x100 /* SPLICE_F_??? */");
  CHECK(shown(syscall::Kind::splice_flags, 0x100, Xlat::raw) == "0x100");
  CHECK(shown(syscall::Kind::splice_flags, 5, Xlat::verbose) == "0x5 /* SPLICE_F_MOVE|SPLICE_F_MORE */");
  CHECK(shown(syscall::Kind::fd_flags, 2) == "0x2");
  CHECK(shown(syscall::Kind::fd_flags, 2, Xlat::verbose) == "0x2");
}

TEST_CASE("0 may have a name among flags") {
  CHECK(shown(syscall::Kind::mmap_prot, 0) == "PROT_NONE");
  CHECK(shown(syscall::Kind::mmap_prot, 0, Xlat::verbose) == "0 /* PROT_NONE */");
  CHECK(shown(syscall::Kind::access_mode, 0) == "F_OK");
}

TEST_CASE("values that are put together from parts") {
  CHECK(shown(syscall::Kind::open_flags, 0) == "O_RDONLY");
  CHECK(shown(syscall::Kind::open_flags, 0, Xlat::verbose) == "0 /* O_RDONLY */");
  CHECK(shown(syscall::Kind::mmap_flags, 7) == "0x7 /* MAP_??? */");
  CHECK(shown(syscall::Kind::swap_flags, 0x8005) == "SWAP_FLAG_PREFER|5");
  CHECK(shown(syscall::Kind::swap_flags, 0x8005, Xlat::raw) == "0x8000|5");
  CHECK(shown(syscall::Kind::mount_flags, 0xc0ed0020) == "MS_MGC_VAL|MS_REMOUNT");
  CHECK(shown(syscall::Kind::mount_flags, 0xc0ed0020, Xlat::raw) == "0xc0ed0000|0x20");
  CHECK(shown(syscall::Kind::socket_type, 0x80802, Xlat::verbose) ==
        "0x2 /* SOCK_DGRAM */|0x80800 /* SOCK_CLOEXEC|SOCK_NONBLOCK */");
}

TEST_CASE("each kind prints something for each register") {
  for (unsigned i = 1; i < static_cast<unsigned>(syscall::Kind::count_); ++i) {
    const auto kind = static_cast<syscall::Kind>(i);
    if (syscall::spec(kind).name == "ret_none") continue;
    for (const std::uint64_t number :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{0x7fff0000}, UINT64_MAX}) {
      CHECK_MESSAGE(!shown(kind, number).empty(), std::string(syscall::spec(kind).name));
    }
  }
}

}  // namespace sonde::decode

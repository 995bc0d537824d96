#include "sonde/syscall/constants.hpp"

#include <algorithm>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

namespace sonde::syscall {

TEST_CASE("constants are found by name, with their values of the headers") {
  CHECK(constant_named("O_CREAT") == O_CREAT);
  CHECK(constant_named("O_RDONLY") == 0);
  CHECK(constant_named("AF_INET6") == AF_INET6);
  CHECK(constant_named("SOCK_NONBLOCK") == SOCK_NONBLOCK);
  CHECK(constant_named("MAP_PRIVATE") == MAP_PRIVATE);
  CHECK(constant_named("ENOENT") == 2);
  CHECK(constant_named("SIGKILL") == 9);
  CHECK(constant_named("CLONE_NEWUSER") == 0x10000000);
  CHECK(constant_named("BPF_PROG_LOAD") == 5);
  CHECK(constant_named("IPPROTO_TCP") == 6);
  SUBCASE("the kernel's own, where a program has another or none") {
    CHECK(constant_named("O_LARGEFILE") == 0x8000);
    CHECK(constant_named("ERESTARTSYS") == 512);
  }
  SUBCASE("other names for the same") {
    CHECK(constant_named("EWOULDBLOCK") == 11);
    CHECK(constant_named("MAP_ANON") == 0x20);
    CHECK(constant_named("AF_LOCAL") == 1);
    CHECK(constant_named("SIGCLD") == 17);
    CHECK(constant_named("TCSETS") == 0x5402);
  }
  SUBCASE("nothing else") {
    CHECK_FALSE(constant_named("O_NONSENSE").has_value());
    CHECK_FALSE(constant_named("o_creat").has_value());
    CHECK_FALSE(constant_named("").has_value());
    CHECK_FALSE(constant_named("FUTEX_WAIT|FUTEX_CLOCK_REALTIME").has_value());
  }
}

TEST_CASE("all names are sorted words, and each can be looked up") {
  const auto names = constant_names();
  CHECK(names.size() > 2500);
  CHECK(std::ranges::is_sorted(names));
  CHECK(std::ranges::adjacent_find(names) == names.end());
  CHECK(std::ranges::all_of(names, [](std::string_view name) { return constant_named(name).has_value(); }));
}

TEST_CASE("the masks of a set's parts cover its bits without overlap") {
  for (const ConstantSet* set : constant_sets()) {
    CAPTURE(set->name);
    CHECK(constant_set(set->name) == set);
    CHECK_FALSE(set->parts.empty());
    // The bits take over what a lenient choice leaves.
    const bool lenient = std::ranges::any_of(set->parts, &Part::lenient);
    std::uint64_t covered = 0;
    for (const Part& part : set->parts) {
      CHECK(part.mask != 0);
      CHECK((covered & part.mask) == 0);
      covered |= part.mask;
      for (const Constant& constant : part.values) CHECK((lenient || (constant.value & ~part.mask) == 0));
      if (part.kind == PartKind::choice) {
        CHECK(std::ranges::is_sorted(part.values, {}, &Constant::value));
        CHECK(std::ranges::adjacent_find(part.values, {}, &Constant::value) == part.values.end());
      }
    }
    CHECK(covered == (set->bits == 64 ? UINT64_MAX : UINT32_MAX));
  }
  CHECK(constant_set("no_such_set") == nullptr);
}

TEST_CASE("kinds that print from constants have their sets") {
  REQUIRE(constants_of(Kind::open_flags) != nullptr);
  CHECK(constants_of(Kind::open_flags)->name == "open_flags");
  CHECK(constants_of(Kind::open_flags)->flags);
  CHECK(constants_of(Kind::seek_whence)->name_of(1) == "SEEK_CUR");
  CHECK(constants_of(Kind::signal)->name_of(15) == "SIGTERM");
  CHECK(constants_of(Kind::dec) == nullptr);
  CHECK(constants_of(Kind::count_) == nullptr);
}

TEST_CASE("one name for one value") {
  CHECK(constant_set("socket_family")->name_of(1) == "AF_UNIX");
  CHECK(constant_set("socket_family")->name_of(9999).empty());
  CHECK(constant_set("rusage_who")->name_of(UINT64_MAX) == "RUSAGE_CHILDREN");
  CHECK(constant_set("rusage_who")->name_of(0xffffffff) == "RUSAGE_CHILDREN");
  CHECK(constant_set("mmap_flags")->name_of(MAP_SHARED) == "MAP_SHARED");
  CHECK(constant_set("mmap_flags")->name_of(MAP_ANONYMOUS) == "MAP_ANONYMOUS");
  CHECK(constant_set("signal_handler")->name_of(UINT64_MAX) == "SIG_ERR");
}

TEST_CASE("flags print in strace's order, access mode first") {
  const ConstantSet& set = *constant_set("open_flags");
  REQUIRE(set.parts.size() == 2);
  CHECK(set.parts[0].kind == PartKind::choice);
  CHECK(set.parts[0].mask == O_ACCMODE);
  CHECK(set.values.front().name == "O_CREAT");
  const auto place = [&set](std::string_view name) {
    return std::ranges::find(set.values, name, &Constant::name) - set.values.begin();
  };
  // O_SYNC holds O_DSYNC, and O_TMPFILE holds O_DIRECTORY: the whole stands before its half.
  CHECK(place("O_SYNC") < place("O_DSYNC"));
  CHECK(place("O_TMPFILE") < place("O_DIRECTORY"));
  CHECK(place("FASYNC") == static_cast<std::ptrdiff_t>(set.values.size()) - 1);
}

TEST_CASE("errno names") {
  CHECK(errno_name(1) == "EPERM");
  CHECK(errno_name(2) == "ENOENT");
  CHECK(errno_name(11) == "EAGAIN");
  CHECK(errno_name(35) == "EDEADLK");
  CHECK(errno_name(95) == "EOPNOTSUPP");
  CHECK(errno_name(133) == "EHWPOISON");
  CHECK(errno_name(512) == "ERESTARTSYS");
  CHECK(errno_name(513) == "ERESTARTNOINTR");
  CHECK(errno_name(514) == "ERESTARTNOHAND");
  CHECK(errno_name(516) == "ERESTART_RESTARTBLOCK");
  CHECK(errno_name(524) == "ENOTSUPP");
  CHECK(errno_name(0).empty());
  CHECK(errno_name(41).empty());
  CHECK(errno_name(-2).empty());
  CHECK(errno_name(4095).empty());
}

TEST_CASE("signal names") {
  CHECK(signal_name(1) == "SIGHUP");
  CHECK(signal_name(6) == "SIGABRT");
  CHECK(signal_name(17) == "SIGCHLD");
  CHECK(signal_name(29) == "SIGIO");
  CHECK(signal_name(31) == "SIGSYS");
  CHECK(signal_name(32) == "SIGRTMIN");
  CHECK(signal_name(33) == "SIGRT_1");
  CHECK(signal_name(64) == "SIGRT_32");
  CHECK(signal_name(0).empty());
  CHECK(signal_name(65).empty());
  CHECK(signal_name(-9).empty());
}

}  // namespace sonde::syscall

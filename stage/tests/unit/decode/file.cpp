// Expected lines are what strace 6.1 prints for the same calls.
#include <fcntl.h>
#include <linux/openat2.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

using namespace std::string_view_literals;

constexpr std::uint64_t at_fdcwd = static_cast<std::uint64_t>(AT_FDCWD);

}  // namespace

TEST_CASE("open shows its mode only when it may create") {
  CHECK(CallBuilder("open").path("/dev/null").arg(O_CREAT | O_RDONLY).arg(0644).ret(3).text() ==
        R"(open("/dev/null", O_RDONLY|O_CREAT, 0644) = 3)");
  CHECK(CallBuilder("open").path("x").arg(O_RDWR).arg(0644).ret(3).text() == R"(open("x", O_RDWR) = 3)");
  CHECK(CallBuilder("open").arg(16).arg(O_TMPFILE | O_RDWR).arg(07777).ret(-EFAULT).text() ==
        "open(0x10, O_RDWR|O_TMPFILE, 07777) = -1 EFAULT (Bad address)");
  CHECK(CallBuilder("openat").arg(at_fdcwd).path("x").arg(O_DIRECTORY).arg(7).ret(3).text() ==
        R"(openat(AT_FDCWD, "x", O_RDONLY|O_DIRECTORY) = 3)");
}

TEST_CASE("open flags: the access mode is a number, what is unknown stands last") {
  const auto flags = [](std::uint64_t value) {
    return CallBuilder("open").arg(0).arg(value).ret(-EFAULT).text();
  };
  CHECK(flags(3) == "open(NULL, O_ACCMODE) = -1 EFAULT (Bad address)");
  CHECK(flags(0x10000002 | O_CLOEXEC) == "open(NULL, O_RDWR|O_CLOEXEC|0x10000000) = -1 EFAULT (Bad address)");
  CHECK(flags(O_SYNC | O_WRONLY) == "open(NULL, O_WRONLY|O_SYNC) = -1 EFAULT (Bad address)");
  CHECK(flags(O_DSYNC | O_APPEND | O_NONBLOCK | 0100000) ==
        "open(NULL, O_RDONLY|O_APPEND|O_NONBLOCK|O_DSYNC|O_LARGEFILE) = -1 EFAULT (Bad address)");
}

TEST_CASE("-X prints numbers, or numbers with symbols as remarks") {
  CallBuilder call("openat");
  call.arg(at_fdcwd).path("x").arg(O_PATH).ret(-ENOENT);
  call.style.xlat = Xlat::raw;
  CHECK(call.text() == R"(openat(-100, "x", 0x200000) = -1 ENOENT (No such file or directory))");
  call.style.xlat = Xlat::verbose;
  CHECK(
      call.text() ==
      R"(openat(-100 /* AT_FDCWD */, "x", 0x200000 /* O_RDONLY|O_PATH */) = -1 ENOENT (No such file or directory))");
}

TEST_CASE("descriptors show their paths when these were captured") {
  CallBuilder call("openat");
  call.arg(at_fdcwd).path("a").arg(0).fd_path(AT_FDCWD, "/tmp").new_fd_path(3, "/tmp/a").ret(3);
  CHECK(call.text() == R"(openat(AT_FDCWD</tmp>, "a", O_RDONLY) = 3</tmp/a>)");
  CHECK(CallBuilder("close").arg(3).fd_path(3, "/tmp/a").ret(0).text() == "close(3</tmp/a>) = 0");
  CHECK(CallBuilder("dup2")
            .arg(3)
            .arg(5)
            .fd_path(3, "/a")
            .fd_path(5, "/b")
            .new_fd_path(5, "/a")
            .ret(5)
            .text() == "dup2(3</a>, 5</b>) = 5</a>");
  CHECK(CallBuilder("pipe2")
            .out(bytes_of(8, 9))
            .arg(0)
            .new_fd_path(8, "pipe:[1]")
            .new_fd_path(9, "pipe:[1]")
            .ret(0)
            .text() == "pipe2([8<pipe:[1]>, 9<pipe:[1]>], 0) = 0");
}

TEST_CASE("openat2") {
  const auto call = [](open_how how, std::uint64_t size, std::string_view rest = {}) {
    return CallBuilder("openat2")
        .arg(at_fdcwd)
        .path("/n")
        .in(bytes_of(how) + std::string(rest))
        .arg(size)
        .ret(-ENOENT)
        .text();
  };
  CHECK(call({O_RDWR | O_CREAT | O_CLOEXEC, 0644, RESOLVE_NO_XDEV | RESOLVE_BENEATH}, 24) ==
        R"(openat2(AT_FDCWD, "/n", {flags=O_RDWR|O_CREAT|O_CLOEXEC, mode=0644, )"
        R"(resolve=RESOLVE_NO_XDEV|RESOLVE_BENEATH}, 24) = -1 ENOENT (No such file or directory))");
  CHECK(call({O_PATH, 0, 0x800}, 24) ==
        R"(openat2(AT_FDCWD, "/n", {flags=O_RDONLY|O_PATH, resolve=0x800 /* RESOLVE_??? */}, 24) )"
        R"(= -1 ENOENT (No such file or directory))");
  CHECK(
      call({O_PATH, 0, 0}, 32, "\x77\0\0\0\0\0\0\0"sv) ==
      R"(openat2(AT_FDCWD, "/n", {flags=O_RDONLY|O_PATH, resolve=0, )"
      R"(/* bytes 24..31 */ "\x77\x00\x00\x00\x00\x00\x00\x00"}, 32) = -1 ENOENT (No such file or directory))");
  CHECK(
      call({O_PATH, 0, 0}, 32, "\0\0\0\0\0\0\0\0"sv) ==
      R"(openat2(AT_FDCWD, "/n", {flags=O_RDONLY|O_PATH, resolve=0}, 32) = -1 ENOENT (No such file or directory))");
  CHECK(call({}, 8) == R"(openat2(AT_FDCWD, "/n", 0x20000, 8) = -1 ENOENT (No such file or directory))");
}

TEST_CASE("names, modes and flags of calls on files") {
  CHECK(CallBuilder("access").path("/").arg(0).ret(0).text() == R"(access("/", F_OK) = 0)");
  CHECK(CallBuilder("access").path("/").arg(077).ret(-EINVAL).text() ==
        R"(access("/", R_OK|W_OK|X_OK|0x38) = -1 EINVAL (Invalid argument))");
  CHECK(CallBuilder("faccessat2").arg(at_fdcwd).path("/").arg(6).arg(0x300).ret(0).text() ==
        R"(faccessat2(AT_FDCWD, "/", R_OK|W_OK, AT_SYMLINK_NOFOLLOW|AT_EACCESS) = 0)");
  CHECK(CallBuilder("mkdir").path("d").arg(01777).ret(0).text() == R"(mkdir("d", 01777) = 0)");
  CHECK(CallBuilder("chmod").path("d").arg(0).ret(0).text() == R"(chmod("d", 000) = 0)");
  CHECK(CallBuilder("unlinkat").arg(3).path("n").arg(3).ret(-EINVAL).text() ==
        R"(unlinkat(3, "n", 0x3 /* AT_??? */) = -1 EINVAL (Invalid argument))");
  CHECK(
      CallBuilder("renameat2").arg(3).path("a").arg(at_fdcwd).path("b").arg(3).ret(-EINVAL).text() ==
      R"(renameat2(3, "a", AT_FDCWD, "b", RENAME_NOREPLACE|RENAME_EXCHANGE) = -1 EINVAL (Invalid argument))");
  CHECK(CallBuilder("chown").path("x").arg(UINT32_MAX).arg(0).ret(0).text() == R"(chown("x", -1, 0) = 0)");
  CHECK(CallBuilder("umask").arg(022).ret(022).text() == "umask(022) = 022");
  CHECK(CallBuilder("umask").arg(0).ret(0).text() == "umask(000) = 000");
  CHECK(CallBuilder("lseek").arg(3).arg(UINT64_MAX).arg(1).ret(5).text() == "lseek(3, -1, SEEK_CUR) = 5");
  CHECK(CallBuilder("lseek").arg(3).arg(5).arg(77).ret(-EINVAL).text() ==
        "lseek(3, 5, 0x4d /* SEEK_??? */) = -1 EINVAL (Invalid argument)");
  CHECK(CallBuilder("flock").arg(9).arg(6).ret(0).text() == "flock(9, LOCK_EX|LOCK_NB) = 0");
  CHECK(CallBuilder("close_range").arg(200).arg(UINT32_MAX).arg(6).ret(0).text() ==
        "close_range(200, 4294967295, CLOSE_RANGE_UNSHARE|CLOSE_RANGE_CLOEXEC) = 0");
}

TEST_CASE("mknod shows a device number for devices only") {
  CHECK(CallBuilder("mknod").path("n").arg(S_IFIFO | 0644).arg(5).ret(0).text() ==
        R"(mknod("n", S_IFIFO|0644) = 0)");
  CHECK(CallBuilder("mknod").path("n").arg(S_IFCHR | 0644).arg(0x103).ret(0).text() ==
        R"(mknod("n", S_IFCHR|0644, makedev(0x1, 0x3)) = 0)");
  CHECK(CallBuilder("mknod").path("n").arg(0170644).arg(5).ret(-EINVAL).text() ==
        R"(mknod("n", 0170644) = -1 EINVAL (Invalid argument))");
  CallBuilder call("mknod");
  call.path("n").arg(S_IFCHR | 0644).arg(0x103).ret(0);
  call.style.xlat = Xlat::verbose;
  CHECK(call.text() == R"(mknod("n", 020644 /* S_IFCHR|0644 */, 0x103 /* makedev(0x1, 0x3) */) = 0)");
  call.style.xlat = Xlat::raw;
  CHECK(call.text() == R"(mknod("n", 020644, 0x103) = 0)");
}

TEST_CASE("what links and directories say of themselves") {
  CHECK(CallBuilder("readlink").path("ln").out("tar").arg(3).ret(3).text() ==
        R"(readlink("ln", "tar", 3) = 3)");
  CHECK(CallBuilder("readlink").path("ln").arg(0x7000).arg(3).ret(-ENOENT).text() ==
        R"(readlink("ln", 0x7000, 3) = -1 ENOENT (No such file or directory))");
  CHECK(CallBuilder("getcwd").out("/tmp/st\0"sv).arg(300).ret(8).text() == R"(getcwd("/tmp/st", 300) = 8)");
}

TEST_CASE("directory entries are counted, or listed with -v") {
  const auto entry = [](std::uint64_t inode, std::int64_t offset, char type, std::string_view name) {
    const std::size_t length = event::align8(19 + name.size() + 1);
    std::string bytes = bytes_of(inode, offset, static_cast<std::uint16_t>(length), type) + std::string(name);
    bytes.resize(length);
    return bytes;
  };
  const std::string listing = entry(7, 1, 8, "a.c") + entry(8, INT64_MAX, 4, "..");
  CallBuilder call("getdents64");
  call.arg(3).out(listing).arg(4096).ret(static_cast<std::int64_t>(listing.size()));
  CHECK(call.text() == "getdents64(3, 0x10000 /* 2 entries */, 4096) = 48");
  call.style.verbose = true;
  CHECK(call.text() ==
        R"(getdents64(3, [{d_ino=7, d_off=1, d_reclen=24, d_type=DT_REG, d_name="a.c"}, )"
        R"({d_ino=8, d_off=9223372036854775807, d_reclen=24, d_type=DT_DIR, d_name=".."}], 4096) = 48)");
  CHECK(CallBuilder("getdents64").arg(3).arg(0x10000).arg(4096).ret(0).text() ==
        "getdents64(3, 0x10000 /* 0 entries */, 4096) = 0");
}

TEST_CASE("a listing whose lengths lie ends where they do") {
  std::string bytes = bytes_of(std::uint64_t{1}, std::int64_t{2}, std::uint16_t{0xffff}, '\4') + "name";
  bytes.resize(64);
  CHECK(CallBuilder("getdents64").arg(3).out(bytes).arg(4096).ret(64).text() ==
        "getdents64(3, 0x10000 /* 0 entries */, 4096) = 64");
  CHECK(CallBuilder("getdents64").arg(3).out(std::string(64, '\0')).arg(4096).ret(64).text() ==
        "getdents64(3, 0x10000 /* 0 entries */, 4096) = 64");
}

TEST_CASE("locks and other arguments of fcntl") {
  const auto fcntl = [](std::uint64_t command) { return CallBuilder("fcntl").arg(3).arg(command); };
  CHECK(fcntl(F_GETFD).ret(0).text() == "fcntl(3, F_GETFD) = 0");
  CHECK(fcntl(F_GETFD).ret(1).text() == "fcntl(3, F_GETFD) = 0x1 (flags FD_CLOEXEC)");
  CHECK(fcntl(F_SETFD).arg(3).ret(0).text() == "fcntl(3, F_SETFD, FD_CLOEXEC|0x2) = 0");
  CHECK(fcntl(F_GETFL).ret(0x8c02).text() ==
        "fcntl(3, F_GETFL) = 0x8c02 (flags O_RDWR|O_APPEND|O_NONBLOCK|O_LARGEFILE)");
  CHECK(fcntl(F_SETFL).arg(O_APPEND).ret(0).text() == "fcntl(3, F_SETFL, O_RDONLY|O_APPEND) = 0");
  CHECK(fcntl(F_DUPFD_CLOEXEC).arg(100).ret(101).text() == "fcntl(3, F_DUPFD_CLOEXEC, 100) = 101");
  CHECK(fcntl(F_GETSIG).ret(29).text() == "fcntl(3, F_GETSIG) = 29 (SIGIO)");
  CHECK(fcntl(F_GETLEASE).ret(2).text() == "fcntl(3, F_GETLEASE) = 0x2 (F_UNLCK)");
  CHECK(fcntl(F_GET_SEALS).ret(10).text() ==
        "fcntl(3, F_GET_SEALS) = 0xa (seals F_SEAL_SHRINK|F_SEAL_WRITE)");
  CHECK(fcntl(9999).arg(5).ret(-EINVAL).text() ==
        "fcntl(3, 0x270f /* F_??? */, 0x5) = -1 EINVAL (Invalid argument)");
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_start = 1;
  lock.l_len = 2;
  CHECK(fcntl(F_SETLK).in(bytes_of(lock)).ret(0).text() ==
        "fcntl(3, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=1, l_len=2}) = 0");
  CHECK(fcntl(F_SETLK).arg(8).ret(-EFAULT).text() == "fcntl(3, F_SETLK, 0x8) = -1 EFAULT (Bad address)");
  struct flock found = lock;
  found.l_type = F_UNLCK;
  CHECK(fcntl(F_GETLK).inout(bytes_of(lock), bytes_of(found)).ret(0).text() ==
        "fcntl(3, F_GETLK, {l_type=F_UNLCK, l_whence=SEEK_SET, l_start=1, l_len=2, l_pid=0}) = 0");
  CHECK(fcntl(F_SETOWN_EX).in(bytes_of(1, 77)).ret(0).text() ==
        "fcntl(3, F_SETOWN_EX, {type=F_OWNER_PID, pid=77}) = 0");
}

TEST_CASE("what is known at the entry") {
  const auto known = [](std::string_view name) {
    return arguments_known_at_entry(*syscall::find(Abi::x86_64, name));
  };
  CHECK(known("read") == 1);
  CHECK(known("openat") == 4);
  CHECK(known("stat") == 1);
  CHECK(known("poll") == 3);
}

}  // namespace sonde::decode

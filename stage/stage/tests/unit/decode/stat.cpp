// Expected lines are what strace 6.1 prints for the same calls.
#include <cstdlib>
#include <ctime>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

struct ::stat regular_file() {
  struct ::stat st = {};
  st.st_dev = 0xfe00;
  st.st_ino = 409606;
  st.st_mode = S_IFREG | 0644;
  st.st_nlink = 1;
  st.st_size = 1271;
  st.st_blksize = 4096;
  st.st_blocks = 8;
  st.st_atim = {1795232742, 129557764};
  st.st_mtim = {1795232742, 128698682};
  st.st_ctim = {1795232742, 0};
  return st;
}

struct UtcZone {
  UtcZone() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

}  // namespace

TEST_CASE("stat in brief") {
  CHECK(CallBuilder("stat").path("/etc/passwd").out(bytes_of(regular_file())).ret(0).text() ==
        R"(stat("/etc/passwd", {st_mode=S_IFREG|0644, st_size=1271, ...}) = 0)");
  struct ::stat device = regular_file();
  device.st_mode = S_IFCHR | 0666;
  device.st_rdev = 0x103;
  CHECK(CallBuilder("fstat").arg(0).out(bytes_of(device)).ret(0).text() ==
        "fstat(0, {st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}) = 0");
  device.st_mode = S_IFDIR | S_ISVTX | 0777;
  CHECK(CallBuilder("fstat").arg(0).out(bytes_of(device)).ret(0).text() ==
        "fstat(0, {st_mode=S_IFDIR|S_ISVTX|0777, st_size=1271, ...}) = 0");
  CHECK(CallBuilder("stat").path("/nope").arg(0x7000).ret(-ENOENT).text() ==
        R"(stat("/nope", 0x7000) = -1 ENOENT (No such file or directory))");
}

TEST_CASE("stat in full") {
  const UtcZone utc;
  CallBuilder call("stat");
  call.path("/etc/passwd").out(bytes_of(regular_file())).ret(0);
  call.style.verbose = true;
  CHECK(call.text() ==
        R"(stat("/etc/passwd", {st_dev=makedev(0xfe, 0), st_ino=409606, st_mode=S_IFREG|0644, st_nlink=1, )"
        R"(st_uid=0, st_gid=0, st_blksize=4096, st_blocks=8, st_size=1271, )"
        R"(st_atime=1795232742 /* 2026-11-21T03:45:42.129557764+0000 */, st_atime_nsec=129557764, )"
        R"(st_mtime=1795232742 /* 2026-11-21T03:45:42.128698682+0000 */, st_mtime_nsec=128698682, )"
        R"(st_ctime=1795232742 /* 2026-11-21T03:45:42+0000 */, st_ctime_nsec=0}) = 0)");
}

TEST_CASE("a structure that was captured in part degrades to its address") {
  CHECK(CallBuilder("stat").path("x").out(bytes_of(regular_file()).substr(0, 100)).ret(0).text() ==
        R"(stat("x", 0x20000) = 0)");
}

TEST_CASE("statx") {
  struct statx st = {};
  st.stx_mask = 0x17ff;
  st.stx_mode = S_IFCHR | 0666;
  st.stx_nlink = 1;
  st.stx_ino = 3;
  st.stx_blksize = 4096;
  st.stx_attributes_mask = STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND;
  st.stx_rdev_major = 1;
  st.stx_rdev_minor = 3;
  st.stx_dev_minor = 6;
  st.stx_mnt_id = 0x18;
  CallBuilder call("statx");
  call.arg(static_cast<std::uint64_t>(-100)).path("/dev/null").arg(0x2800).arg(2).out(bytes_of(st)).ret(0);
  CHECK(
      call.text() ==
      R"(statx(AT_FDCWD, "/dev/null", AT_STATX_FORCE_SYNC|AT_NO_AUTOMOUNT, STATX_MODE, )"
      R"({stx_mask=STATX_BASIC_STATS|STATX_MNT_ID, stx_attributes=0, stx_mode=S_IFCHR|0666, stx_size=0, ...}) = 0)");
  call.style.verbose = true;
  CHECK(
      call.text() ==
      R"(statx(AT_FDCWD, "/dev/null", AT_STATX_FORCE_SYNC|AT_NO_AUTOMOUNT, STATX_MODE, )"
      R"({stx_mask=STATX_BASIC_STATS|STATX_MNT_ID, stx_blksize=4096, stx_attributes=0, stx_nlink=1, stx_uid=0, )"
      R"(stx_gid=0, stx_mode=S_IFCHR|0666, stx_ino=3, stx_size=0, stx_blocks=0, )"
      R"(stx_attributes_mask=STATX_ATTR_IMMUTABLE|STATX_ATTR_APPEND, stx_atime={tv_sec=0, tv_nsec=0}, )"
      R"(stx_ctime={tv_sec=0, tv_nsec=0}, stx_mtime={tv_sec=0, tv_nsec=0}, stx_rdev_major=1, stx_rdev_minor=3, )"
      R"(stx_dev_major=0, stx_dev_minor=6, stx_mnt_id=0x18}) = 0)");
}

TEST_CASE("statx flags: how fresh the answer must be is a number among them") {
  const auto flags = [](std::uint64_t value, Xlat xlat) {
    CallBuilder call("statx");
    call.arg(3).path("x").arg(value).arg(2).arg(0).ret(-EINVAL);
    call.style.xlat = xlat;
    const std::string text = call.text();
    const std::size_t start = text.find("\"x\", ") + 5;
    return text.substr(start, text.find(xlat == Xlat::abbrev ? ", STATX_MODE" : ", 0x2", start) - start);
  };
  CHECK(flags(0, Xlat::abbrev) == "AT_STATX_SYNC_AS_STAT");
  CHECK(flags(0x4000, Xlat::abbrev) == "AT_STATX_DONT_SYNC");
  CHECK(flags(0x2800, Xlat::verbose) == "0x2000 /* AT_STATX_FORCE_SYNC */|0x800 /* AT_NO_AUTOMOUNT */");
}

TEST_CASE("statfs") {
  struct ::statfs fs = {};
  fs.f_type = 0x9fa0;
  fs.f_bsize = 4096;
  fs.f_fsid.__val[0] = 0x15;
  fs.f_namelen = 255;
  fs.f_frsize = 4096;
  fs.f_flags = 0x1020;
  CallBuilder call("statfs");
  call.path("/proc").out(bytes_of(fs)).ret(0);
  CHECK(
      call.text() ==
      R"(statfs("/proc", {f_type=PROC_SUPER_MAGIC, f_bsize=4096, f_blocks=0, f_bfree=0, f_bavail=0, f_files=0, )"
      R"(f_ffree=0, f_fsid={val=[0x15, 0]}, f_namelen=255, f_frsize=4096, f_flags=ST_VALID|ST_RELATIME}) = 0)");
}

}  // namespace sonde::decode

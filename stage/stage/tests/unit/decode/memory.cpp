// Expected lines are what strace 6.1 prints for the same calls.
#include <linux/memfd.h>
#include <sys/mman.h>

#include "unit/decode/call_builder.hpp"

namespace sonde::decode {

namespace {

using namespace std::string_view_literals;

CallBuilder mmap_call(std::uint64_t protection, std::uint64_t flags) {
  return CallBuilder("mmap")
      .arg(0)
      .arg(4096)
      .arg(protection)
      .arg(flags)
      .arg(static_cast<std::uint64_t>(-1))
      .arg(0)
      .ret(0x7f0000000000);
}

}  // namespace

TEST_CASE("mmap") {
  CHECK(mmap_call(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS).text() ==
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f0000000000");
  CHECK(mmap_call(0x123, MAP_PRIVATE | MAP_ANONYMOUS | (21u << 26)).text() ==
        "mmap(NULL, 4096, PROT_READ|PROT_WRITE|0x120, MAP_PRIVATE|MAP_ANONYMOUS|21<<MAP_HUGE_SHIFT, -1, 0) "
        "= 0x7f0000000000");
  CHECK(mmap_call(0, 0).text() == "mmap(NULL, 4096, PROT_NONE, MAP_FILE, -1, 0) = 0x7f0000000000");
  CHECK(mmap_call(1, MAP_SHARED_VALIDATE | MAP_SYNC).text() ==
        "mmap(NULL, 4096, PROT_READ, MAP_SHARED_VALIDATE|MAP_SYNC, -1, 0) = 0x7f0000000000");
  CHECK(
      mmap_call(1, MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE | MAP_LOCKED |
                       MAP_NONBLOCK | MAP_32BIT)
          .text() ==
      "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|MAP_32BIT|MAP_POPULATE|MAP_NONBLOCK|MAP_LOCKED|"
      "MAP_FIXED_NOREPLACE, -1, 0) = 0x7f0000000000");
  CallBuilder call = mmap_call(3, MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS);
  call.style.xlat = Xlat::verbose;
  CHECK(call.text() ==
        "mmap(NULL, 4096, 0x3 /* PROT_READ|PROT_WRITE */, 0x32 /* MAP_PRIVATE|MAP_FIXED|MAP_ANONYMOUS */, "
        "-1, 0) "
        "= 0x7f0000000000");
  call.style.xlat = Xlat::raw;
  CHECK(call.text() == "mmap(NULL, 4096, 0x3, 0x32, -1, 0) = 0x7f0000000000");
}

TEST_CASE("mremap shows where to only when that is fixed") {
  const auto call = [](std::uint64_t flags) {
    return CallBuilder("mremap").arg(0x1000).arg(4096).arg(8192).arg(flags).arg(0x3000).ret(0x3000).text();
  };
  CHECK(call(3) == "mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE|MREMAP_FIXED, 0x3000) = 0x3000");
  CHECK(call(1) == "mremap(0x1000, 4096, 8192, MREMAP_MAYMOVE) = 0x3000");
  CHECK(call(0) == "mremap(0x1000, 4096, 8192, 0) = 0x3000");
}

TEST_CASE("calls on ranges") {
  CHECK(CallBuilder("brk").arg(0).ret(0x5000).text() == "brk(NULL) = 0x5000");
  CHECK(CallBuilder("madvise").arg(0x1000).arg(4096).arg(99).ret(-EINVAL).text() ==
        "madvise(0x1000, 4096, 0x63 /* MADV_??? */) = -1 EINVAL (Invalid argument)");
  CHECK(CallBuilder("madvise").arg(0x1000).arg(4096).arg(4).ret(0).text() ==
        "madvise(0x1000, 4096, MADV_DONTNEED) = 0");
  CHECK(CallBuilder("mincore").arg(0x1000).arg(8193).out("\1\0\1"sv).ret(0).text() ==
        "mincore(0x1000, 8193, [1, 0, 1]) = 0");
  CHECK(CallBuilder("mincore").arg(0x1000).arg(4096).arg(0x9000).ret(-ENOMEM).text() ==
        "mincore(0x1000, 4096, 0x9000) = -1 ENOMEM (Cannot allocate memory)");
  CHECK(CallBuilder("msync").arg(0x1000).arg(4096).arg(MS_ASYNC | MS_INVALIDATE).ret(0).text() ==
        "msync(0x1000, 4096, MS_ASYNC|MS_INVALIDATE) = 0");
  CHECK(CallBuilder("mlockall").arg(0xd).ret(-EINVAL).text() ==
        "mlockall(MCL_CURRENT|MCL_ONFAULT|0x8) = -1 EINVAL (Invalid argument)");
}

TEST_CASE("memfd_create") {
  const auto call = [](std::uint64_t flags) {
    return CallBuilder("memfd_create").in("name\0"sv).arg(flags).ret(4).text();
  };
  CHECK(call(MFD_CLOEXEC | MFD_ALLOW_SEALING) ==
        R"(memfd_create("name", MFD_CLOEXEC|MFD_ALLOW_SEALING) = 4)");
  CHECK(call(0) == R"(memfd_create("name", 0) = 4)");
  CHECK(call(MFD_HUGETLB | (21u << 26) | 0x100) ==
        R"(memfd_create("name", MFD_HUGETLB|0x100|21<<MFD_HUGE_SHIFT) = 4)");
}

TEST_CASE("masks of nodes") {
  CHECK(
      CallBuilder("mbind").arg(0x1000).arg(4096).arg(0x4002).in(bytes_of(5ul)).arg(64).arg(3).ret(0).text() ==
      "mbind(0x1000, 4096, MPOL_BIND|MPOL_F_RELATIVE_NODES, [0x00000000000005], 64, "
      "MPOL_MF_STRICT|MPOL_MF_MOVE) "
      "= 0");
  CHECK(CallBuilder("get_mempolicy")
            .out(bytes_of(1))
            .out(bytes_of(1ul, 0ul))
            .arg(128)
            .arg(0)
            .arg(0)
            .ret(0)
            .text() ==
        "get_mempolicy([MPOL_PREFERRED], [0x00000000000001, 0000000000000000], 128, NULL, 0) = 0");
  CHECK(CallBuilder("move_pages")
            .arg(0)
            .arg(2)
            .in(bytes_of(0x1000ul, 0x2000ul))
            .arg(0)
            .out(bytes_of(0, -2))
            .arg(0)
            .ret(0)
            .text() == "move_pages(0, 2, [0x1000, 0x2000], NULL, [0, -ENOENT], 0) = 0");
}

}  // namespace sonde::decode

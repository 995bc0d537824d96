#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>

#include <doctest/doctest.h>

#include "sonde/allocator/functions.hpp"
#include "support.hpp"

using namespace sonde;
using namespace sonde::filter;
using sonde::filter::test::MadeCall;

namespace {

constexpr auto no = Verdict::no;
constexpr auto yes = Verdict::yes;
constexpr auto unknown = Verdict::unknown;
constexpr auto pending = Verdict::pending;

// Fields whose presence a test chooses: fd for each value, comm for strings.
struct Chosen final : Fields {
  Presence presence = Presence::known;
  std::vector<std::string_view> texts;

  Values<Integer> integers(Field field) const override {
    if (field == Field::pid) return Values<Integer>::of({7, 32, true});
    return Values<Integer>::without(field == Field::ret ? Presence::pending : Presence::absent);
  }
  Values<std::string_view> strings(Field) const override {
    Values<std::string_view> values;
    for (const std::string_view text : texts) values.add(text);
    values.presence = presence;
    return values;
  }
};

Verdict of(std::string_view text, const Fields& fields) { return evaluate(compile(text).value(), fields); }

}  // namespace

TEST_CASE("three values and pending") {
  CHECK(!yes == no);
  CHECK(!no == yes);
  CHECK(!unknown == unknown);
  CHECK(!pending == pending);
  const std::array all = {no, pending, unknown, yes};
  for (std::size_t a = 0; a < all.size(); ++a) {
    for (std::size_t b = 0; b < all.size(); ++b) CHECK(both(all[a], all[b]) == all[std::min(a, b)]);
  }
  const std::array any = {no, unknown, pending, yes};
  for (std::size_t a = 0; a < any.size(); ++a) {
    for (std::size_t b = 0; b < any.size(); ++b) CHECK(either(any[a], any[b]) == any[std::max(a, b)]);
  }
}

TEST_CASE("the same through expressions") {
  // pid is known (7), fd absent, ret pending.
  const Chosen event;
  const std::array<std::pair<std::string, Verdict>, 4> tests = {
      {{"pid == 7", yes}, {"pid != 7", no}, {"fd == 3", unknown}, {"ret == 3", pending}}};
  for (const auto& [a, va] : tests) {
    CHECK(of(a, event) == va);
    CHECK(of("!(" + a + ")", event) == !va);
    for (const auto& [b, vb] : tests) {
      CHECK(of(a + " && " + b, event) == both(va, vb));
      CHECK(of(a + " || " + b, event) == either(va, vb));
    }
  }
  for (const std::string_view op : {"==", "!=", "<", "<=", ">", ">="}) {
    CHECK(of("fd " + std::string(op) + " 3", event) == unknown);
    CHECK(of("ret " + std::string(op) + " 3", event) == pending);
  }
  CHECK(of("fd in [3]", event) == unknown);
  CHECK(of("fd not in 1..3", event) == unknown);
  CHECK(of("alloc.size != 8", event) == unknown);
  CHECK(of("!(alloc.size == 8)", event) == unknown);
  CHECK(of("!failed", event) == unknown);
  CHECK(of("stack has function 'main'", event) == unknown);
}

TEST_CASE("several values: == means any, != means none") {
  Chosen event;
  event.texts = {"/a", "/b"};
  CHECK(of("path == '/b'", event) == yes);
  CHECK(of("path != '/b'", event) == no);
  CHECK(of("path != '/c'", event) == yes);
  CHECK(of("path in ['/x', '/a']", event) == yes);
  CHECK(of("path not in ['/x', '/a']", event) == no);
  CHECK(of("path =~ '^/b$'", event) == yes);
  CHECK(of("path !~ 'b'", event) == no);
  event.presence = Presence::unreadable;
  CHECK(of("path == '/b'", event) == yes);
  CHECK(of("path != '/b'", event) == no);
  CHECK(of("path == '/c'", event) == unknown);
  CHECK(of("path != '/c'", event) == unknown);
}

TEST_CASE("strings, globs and regular expressions go by bytes") {
  Chosen event;
  event.texts = {std::string_view("a\xff\0\nz", 5)};
  CHECK(of(R"(comm == "a\xff\0\nz")", event) == yes);
  CHECK(of(R"(comm =~ "^a.{3}z$")", event) == yes);
  CHECK(of(R"(comm =~ "\\xff")", event) == yes);
  CHECK(of("comm in ['a*z']", event) == yes);
  CHECK(of("comm in ['a??\n?']", event) == yes);
  CHECK(of("comm in ['a?z']", event) == no);
  CHECK(of("comm == 'a*z'", event) == no);
  event.texts = {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"};
  CHECK(of("comm in ['*a*a*a*a*a*a*a*a*c']", event) == no);
  CHECK(of("comm in ['**']", event) == yes);
}

TEST_CASE("registers are as wide and as signed as their kinds") {
  const MadeCall read("read", {0xffffffff00000003, 0x7fff00000000, 4096});
  CHECK(read("fd == 3") == yes);
  CHECK(read("arg0 == 3") == yes);
  CHECK(read("arg1 == 0x7fff00000000") == yes);
  CHECK(read("arg2 in 4K..8K") == yes);
  CHECK(read("arg3 == 0") == unknown);
  const MadeCall all_ones("read", {~0ull, ~0ull, ~0ull});
  CHECK(all_ones("fd == -1") == yes);
  CHECK(all_ones("fd == 0xffffffff") == yes);
  CHECK(all_ones("fd < 0") == yes);
  CHECK(all_ones("fd == 0xffffffffffffffff") == no);
  CHECK(all_ones("arg2 == -1") == yes);
  CHECK(all_ones("arg2 == 0xffffffffffffffff") == yes);
  CHECK(all_ones("arg2 < 0") == no);
  CHECK(all_ones("arg2 > 0x7fffffffffffffff") == yes);
  const MadeCall seek("lseek", {3, ~0ull, 0});
  CHECK(seek("arg1 < 0") == yes);
  CHECK(seek("arg1 in -5..5") == yes);
  const MadeCall at("openat", {0xffffff9c, 0, 0});
  CHECK(at("fd == AT_FDCWD") == yes);
  CHECK(at("fd == -100") == yes);
  const MadeCall duplicate("dup2", {3, 7});
  CHECK(duplicate("fd == 7") == yes);
  CHECK(duplicate("fd != 7") == no);
  CHECK(duplicate("fd not in [1, 2]") == yes);
}

TEST_CASE("flags go by the set that their argument prints from") {
  const MadeCall open("open", {0, O_WRONLY | O_CREAT, 0644});
  CHECK(open("flags has O_CREAT") == yes);
  CHECK(open("flags has [O_CREAT, O_WRONLY]") == yes);
  CHECK(open("flags has [O_CREAT, O_TRUNC]") == no);
  CHECK(open("flags has O_RDONLY") == no);
  CHECK(open("flags has O_RDWR") == no);
  CHECK(open("flags has MAP_SHARED") == no);
  CHECK(open("flags has 0x41") == yes);
  CHECK(open("flags == 0x41") == yes);
  CHECK(open("flags != 0x41") == no);
  CHECK(MadeCall("open", {0, 0, 0})("flags has O_RDONLY") == yes);
  const MadeCall map("mmap", {0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, ~0ull, 0});
  CHECK(map("flags has PROT_READ && flags has MAP_PRIVATE") == yes);
  CHECK(map("flags has PROT_WRITE") == no);
  CHECK(map("flags has O_CREAT") == no);
  CHECK(MadeCall("close", {3})("flags has O_CREAT") == unknown);
}

TEST_CASE("paths come from arguments and from behind descriptors") {
  MadeCall open("openat", {0xffffff9c, 0x1000, 0});
  CHECK(open("path == '/etc/passwd'") == unknown);
  open.path(0x1000, "/etc/passwd");
  CHECK(open("path == '/etc/passwd'") == yes);
  CHECK(open("path != '/etc/passwd'") == no);
  CHECK(open("path != '/etc/group'") == yes);
  open.fd_path(0xffffffffffffff9c, "/home");
  CHECK(open("path == '/home'") == yes);
  MadeCall read("read", {3});
  CHECK(read("path == '/x'") == unknown);
  CHECK(read("path != '/x'") == unknown);
  read.fd_path(3, "/x");
  CHECK(read("path == '/x'") == yes);
  CHECK(MadeCall("mmap", {0, 0, 0, 0, ~0ull})("path == '/x'") == unknown);
  CHECK(MadeCall("getpid")("path != '/x'") == unknown);
  MadeCall hidden("open", {0x1000});
  hidden.segment(event::SegmentKind::path, 0x1000, "", event::segment_redacted);
  CHECK(hidden("path == '/x'") == unknown);
  MadeCall rename("rename", {0x1000, 0x2000});
  rename.path(0x1000, "/old");
  CHECK(rename("path == '/old'") == yes);
  CHECK(rename("path == '/new'") == unknown);
  rename.path(0x2000, "/new");
  CHECK(rename("path == '/new'") == yes);
}

TEST_CASE("what the exit tells is pending at the entry") {
  MadeCall call("open", {});
  for (const std::string_view text : {"failed", "!failed", "ret == 3", "ret != 3", "errno == ENOENT",
                                      "duration > 1ms", "status == failed", "syscall == open && failed"}) {
    CHECK_MESSAGE(call(text) == pending, text);
  }
  CHECK(call("syscall == read && failed") == no);
  CHECK(call("syscall == open || failed") == yes);
  call.returned(-ENOENT, 2'000'000);
  CHECK(call("failed && errno == ENOENT && ret == -1 && status == failed") == yes);
  CHECK(call("duration in 1ms..3ms") == yes);
  call.returned(3);
  CHECK(call("!failed && ret == 3 && status == successful") == yes);
  CHECK(call("errno == ENOENT") == unknown);
  CHECK(call("errno != ENOENT") == unknown);
  call.call.state = CallState::unfinished;
  CHECK(call("failed") == unknown);
  CHECK(call("!failed") == unknown);
  CHECK(call("ret != 0") == unknown);
  CHECK(call("status == unfinished") == yes);
  CHECK(call("status in [successful, failed]") == no);
  call.call.state = CallState::detached;
  CHECK(call("status == detached") == yes);
  call.call.state = CallState::unavailable;
  CHECK(call("status == unavailable") == yes);
}

TEST_CASE("names, classes and numbers of calls") {
  const MadeCall open("openat", {});
  CHECK(open("syscall == openat") == yes);
  CHECK(open("syscall in [open*]") == yes);
  CHECK(open("syscall == open*") == yes);
  CHECK(open("syscall =~ '^open(at)?$'") == yes);
  CHECK(open("syscall !~ 'at$'") == no);
  CHECK(open("syscall in [read, %file]") == yes);
  CHECK(open("syscall == %network") == no);
  CHECK(open("class == file") == yes);
  CHECK(open("class != file") == no);
  CHECK(open("class in [network, desc]") == yes);
  CHECK(open("class not in [network, signal]") == yes);
  CHECK(open("nr == 257") == yes);
  CHECK(open("kind == syscall") == yes);
  CHECK(open("kind in [signal, process]") == no);
  CHECK(open("kind == mapping") == no);
  CHECK(open("kind != mapping") == yes);
  CHECK(open("signal == SIGSEGV") == unknown);
  CHECK(open("pid == 100 && tid == 101 && comm == 'make' && exe =~ '/make$' && time == 5s") == yes);
  const MadeCall strange(Abi::x86_64, 600, {});
  CHECK(strange("nr == 600") == yes);
  CHECK(strange("syscall != open") == yes);
  CHECK(strange("class == file") == no);
  const MadeCall beyond(Abi::x86_64, 0xffffffff, {});
  CHECK(beyond("syscall == open") == no);
}

TEST_CASE("signals and other events") {
  siginfo_t info{};
  info.si_signo = SIGSEGV;
  info.si_code = 1;
  info.si_addr = reinterpret_cast<void*>(0x10);
  const Origin origin{.task = {1, 2}, .since_start = 3, .comm = {}, .exe = {}};
  const SignalFields segv(origin, info);
  CHECK(of("signal == SIGSEGV && signal.code == 1 && signal.address < 4K && kind == signal", segv) == yes);
  CHECK(of("signal in [9, 15]", segv) == no);
  CHECK(of("syscall != open", segv) == unknown);
  CHECK(of("comm == 'x'", segv) == unknown);
  siginfo_t killed{};
  killed.si_signo = SIGTERM;
  CHECK(of("signal.address == 0", SignalFields(origin, killed)) == unknown);
  const OriginFields ended(origin, EventKind::process);
  CHECK(of("kind == process && tid == 2", ended) == yes);
  CHECK(of("failed", ended) == unknown);
}

TEST_CASE("calls of allocators") {
  const Origin origin{.task = {1, 2}, .since_start = 3, .comm = {}, .exe = {}};
  event::HeapCall call{event::HeapOperation::allocate,
                       static_cast<std::uint16_t>(allocator::Function::new_array),
                       0x1000,
                       0,
                       4096,
                       0,
                       false,
                       {}};
  const auto matches = [&](std::string_view text, std::optional<Nanoseconds> age = {}) {
    return of(text, HeapFields(origin, {call, age}));
  };
  CHECK(matches("alloc.size >= 4KiB && alloc.address == 0x1000 && kind == alloc && tid == 2") == yes);
  CHECK(matches("alloc.size < 4K") == no);
  CHECK(matches("alloc.function == 'operator new[]'") == yes);
  CHECK(matches("alloc.function == '_Znam'") == yes);
  CHECK(matches("alloc.function =~ '^malloc'") == no);
  CHECK(matches("alloc.usable > 0") == unknown);
  CHECK(matches("alloc.age > 0ns") == unknown);
  CHECK(matches("syscall == read") == unknown);
  call.operation = event::HeapOperation::release;
  CHECK(matches("kind == free && alloc.age > 1us", 2000) == yes);
  CHECK(matches("alloc.size == 0") == unknown);
  call = {event::HeapOperation::reallocate,
          static_cast<std::uint16_t>(allocator::Function::realloc),
          0x3000,
          0x2000,
          64,
          0,
          false,
          {}};
  CHECK(matches("kind == realloc && alloc.address == 0x2000") == yes);
  CHECK(matches("alloc.address == 0x3000 && alloc.size == 64") == yes);
}

TEST_CASE("what must be captured") {
  const auto needs = [](std::string_view text) { return required_capture(compile(text).value()); };
  CHECK_FALSE(needs("syscall == open && failed").paths);
  CHECK(needs("failed || !(path == '/x')").paths);
  CHECK(needs("path == '/x'").fd_paths);
  CHECK(needs("comm == 'x'").names);
  CHECK(needs("exe == 'x'").names);
  CHECK(needs("site.line == 3").stacks);
  CHECK_FALSE(needs("path == '/x'").names);
  CHECK(needs("alloc.size > 4K").heap);
  CHECK(needs("failed || alloc.age < 1ms").heap);
  CHECK(needs("kind in [alloc, signal]").heap);
  CHECK_FALSE(needs("kind != free").heap);
  CHECK_FALSE(needs("kind == syscall").heap);
}

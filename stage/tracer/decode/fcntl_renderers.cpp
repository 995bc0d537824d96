// open flags, fcntl's arguments and results, locks.
#include <fcntl.h>

#include <fmt/format.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

bool needs_mode(std::uint64_t flags) { return (flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY))) != 0; }

// struct open_how, which may grow.
void render_open_how(const Value& value) {
  constexpr std::uint64_t known = 24;
  const Address address{as_word(value, value.raw)};
  const std::uint64_t size = as_word(value, value.call.args[3]);
  std::array<std::byte, known> how;
  if (address.value == 0 || size < known || value.read(address, how) != known)
    return value.out.address(address.value);
  const std::uint64_t flags = unsigned_at(how, 0, 8);
  const std::uint64_t mode = unsigned_at(how, 8, 8);
  auto& out = value.out;
  out.begin_struct();
  out.field("flags");
  print_from(value, named_set<"open_flags">(), flags);
  if (needs_mode(flags) || mode != 0) {
    out.field("mode");
    out.octal(mode);
  }
  out.field("resolve");
  print_flags(value, named_set<"resolve_flags">(), unsigned_at(how, 16, 8));
  print_rest(value, address, known, size);
  out.end_struct();
}

// struct flock in the layouts that there are.
struct LockLayout {
  std::uint8_t start, length, pid;  // Where they stand; l_type and l_whence are at 0 and 2.
  std::uint8_t word;                // Bytes of l_start and l_len.
};
constexpr LockLayout lock_64{8, 16, 24, 8};
constexpr LockLayout lock_32{4, 8, 12, 4};
constexpr LockLayout lock_flock64{4, 12, 20, 8};

void print_lock(const Value& value, const LockLayout& layout, bool with_pid) {
  const Address address{as_word(value, value.raw)};
  std::array<std::byte, 28> buffer;
  const auto lock = std::span(buffer).first(layout.pid + 4u);
  if (address.value == 0 || value.read(address, lock) != lock.size()) return value.out.address(address.value);
  auto& out = value.out;
  out.begin_struct();
  out.field("l_type");
  print_constant(value, Kind::flock_type, unsigned_at(lock, 0, 2));
  out.field("l_whence");
  print_constant(value, Kind::seek_whence, unsigned_at(lock, 2, 2));
  out.field("l_start");
  out.integer(signed_at(lock, layout.start, layout.word));
  out.field("l_len");
  out.integer(signed_at(lock, layout.length, layout.word));
  if (with_pid) {
    out.field("l_pid");
    out.integer(signed_at(lock, layout.pid, 4));
  }
  out.end_struct();
}

const LockLayout& native_lock(const Value& value) { return value.call.abi == Abi::i386 ? lock_32 : lock_64; }
const LockLayout& large_lock(const Value& value) {
  return value.call.abi == Abi::i386 ? lock_flock64 : lock_64;
}

void render_flock(const Value& value) { print_lock(value, native_lock(value), false); }
// What stands there before F_GETLK has answered is not worth showing.
void render_flock_got(const Value& value) {
  if (!value.succeeded()) return value.out.address(as_word(value, value.raw));
  print_lock(value, native_lock(value), true);
}
void render_flock64(const Value& value) { print_lock(value, large_lock(value), false); }
void render_flock64_got(const Value& value) {
  if (!value.succeeded()) return value.out.address(as_word(value, value.raw));
  print_lock(value, large_lock(value), true);
}

constexpr Field owner_fields[] = {SONDE_SET_FIELD("type", 0, 4, "f_owner_type"),
                                  {"pid", 4, 4, Kind::pid, true}};
void render_f_owner(const Value& value) { print_struct(value, {as_word(value, value.raw)}, 8, owner_fields); }

// Results of fcntl that are more than a number: 0x1 (flags FD_CLOEXEC).
template <typename Write>
void print_result(const Value& value, Write write) {
  value.out.hex(value.raw);
  print_remark(value, write);
}

void render_ret_fd_flags(const Value& value) {
  print_result(value, [](const Value& result) {
    if (result.raw == 0) return;
    result.out.verbatim("flags ");
    print_flags(result, Kind::fd_flags, result.raw);
  });
}

void render_ret_open_flags(const Value& value) {
  print_result(value, [](const Value& result) {
    result.out.verbatim("flags " + set_text(named_set<"open_flags">(), result.raw));
  });
}

void render_ret_seals(const Value& value) {
  print_result(value, [](const Value& result) {
    if (result.raw == 0) return;
    result.out.verbatim("seals ");
    print_flags(result, Kind::seal_flags, result.raw);
  });
}

void render_ret_flock_type(const Value& value) {
  print_result(value, [](const Value& result) {
    if (const auto* set = syscall::constants_of(Kind::flock_type))
      result.out.verbatim(set->name_of(result.raw));
  });
}

void render_ret_signal(const Value& value) {
  value.out.integer(static_cast<std::int64_t>(value.raw));
  print_remark(value, [](const Value& result) {
    if (result.raw != 0) result.out.verbatim(syscall::signal_name(static_cast<int>(result.raw)));
  });
}

bool open_has_mode(const Call& call) { return needs_mode(call.args[1]); }
bool openat_has_mode(const Call& call) { return needs_mode(call.args[2]); }
constexpr Registration table[] = {
    {Kind::open_how_in, render_open_how},          {Kind::flock_in, render_flock},
    {Kind::flock_update, render_flock_got},        {Kind::flock64_in, render_flock64},
    {Kind::flock64_update, render_flock64_got},    {Kind::f_owner_in, render_f_owner},
    {Kind::f_owner_out, render_f_owner},           {Kind::ret_fd_flags, render_ret_fd_flags},
    {Kind::ret_open_flags, render_ret_open_flags}, {Kind::ret_seals, render_ret_seals},
    {Kind::ret_flock_type, render_ret_flock_type}, {Kind::ret_signal, render_ret_signal},
};

constexpr Optional optionals[] = {
    {"open", 2, open_has_mode},
    {"openat", 3, openat_has_mode},
};

}  // namespace

Domain fcntl_domain() { return {table, optionals}; }

}  // namespace sonde::decode

// io_uring.
#include <algorithm>
#include <cstddef>
#include <linux/io_uring.h>
#include <vector>

#include "decode/print.hpp"
#include "decode/renderers.hpp"
#include "sonde/base/limits.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

#define FIELD(type, member, kind) \
  { #member, offsetof(type, member), sizeof(type::member), Kind::kind }
constexpr Field sq_fields[] = {
    FIELD(io_sqring_offsets, head, udec),      FIELD(io_sqring_offsets, tail, udec),
    FIELD(io_sqring_offsets, ring_mask, udec), FIELD(io_sqring_offsets, ring_entries, udec),
    FIELD(io_sqring_offsets, flags, udec),     FIELD(io_sqring_offsets, dropped, udec),
    FIELD(io_sqring_offsets, array, udec),
};
constexpr Field cq_fields[] = {
    FIELD(io_cqring_offsets, head, udec),      FIELD(io_cqring_offsets, tail, udec),
    FIELD(io_cqring_offsets, ring_mask, udec), FIELD(io_cqring_offsets, ring_entries, udec),
    FIELD(io_cqring_offsets, overflow, udec),  FIELD(io_cqring_offsets, cqes, udec),
    FIELD(io_cqring_offsets, flags, udec),
};
#undef FIELD

void print_offsets(const Value& value, std::string_view name, Bytes offsets, std::span<const Field> fields) {
  value.out.field(name);
  value.out.begin_struct();
  print_fields(value, offsets, fields);
  value.out.end_struct();
}

bool any_set(Bytes bytes) {
  return std::ranges::any_of(bytes, [](std::byte byte) { return byte != std::byte{0}; });
}

void print_reserved(const Value& value, std::span<const __u32> words) {
  if (!any_set(std::as_bytes(words))) return;
  value.out.field("resv");
  value.out.begin_array();
  for (const __u32 word : words) {
    value.out.element();
    value.out.hex(word);
  }
  value.out.end_array();
}

// What the caller asks for, and once the call has succeeded where the rings lie.
void render_uring_params(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto params = read_as<io_uring_params>(value, address);
  const auto asked = read_as<io_uring_params>(value.as_before(), address);
  if (address.value == 0 || !params || !asked) return value.out.address(address.value);
  auto& out = value.out;
  const auto number = [&](std::string_view name, std::uint64_t count) {
    out.field(name);
    out.unsigned_integer(count);
  };
  out.begin_struct();
  out.field("flags");
  print_flags(value, named_set<"io_uring_setup_flags">(), asked->flags);
  out.field("sq_thread_cpu");
  out.hex(asked->sq_thread_cpu);
  number("sq_thread_idle", asked->sq_thread_idle);
  if ((asked->flags & IORING_SETUP_ATTACH_WQ) != 0) {
    out.field("wq_fd");
    print_fd(value, static_cast<int>(asked->wq_fd));
  }
  print_reserved(value, asked->resv);
  if (value.succeeded()) {
    number("sq_entries", params->sq_entries);
    number("cq_entries", params->cq_entries);
    out.field("features");
    print_flags(value, named_set<"io_uring_features">(), params->features);
    print_offsets(value, "sq_off", std::as_bytes(std::span(&params->sq_off, 1)), sq_fields);
    print_offsets(value, "cq_off", std::as_bytes(std::span(&params->cq_off, 1)), cq_fields);
  }
  out.end_struct();
}

std::uint32_t argument_count(const Value& value) { return static_cast<std::uint32_t>(value.call.args[3]); }

void print_operation(const Value& value, Address at) {
  const auto operation = read_as<io_uring_probe_op>(value, at).value_or(io_uring_probe_op{});
  auto& out = value.out;
  out.begin_struct();
  out.field("op");
  print_constant(value, named_set<"io_uring_op">(), operation.op, "IORING_OP_???", Base::unsigned_decimal);
  if (operation.resv != 0) {
    out.field("resv");
    out.hex(operation.resv);
  }
  out.field("flags");
  print_flags(value, named_set<"io_uring_probe_flags">(), operation.flags);
  if (operation.resv2 != 0) {
    out.field("resv2");
    out.hex(operation.resv2);
  }
  out.end_struct();
}

// struct io_uring_probe of linux/io_uring.h without the operations that follow it.
struct Probe {
  std::uint8_t last_op, ops_len;
  std::uint16_t resv;
  __u32 resv2[3];
};
static_assert(sizeof(Probe) == sizeof(io_uring_probe));

void print_probe(const Value& value, Address address, const Probe& probe) {
  auto& out = value.out;
  out.begin_struct();
  out.field("last_op");
  print_constant(value, named_set<"io_uring_op">(), probe.last_op, "IORING_OP_???", Base::unsigned_decimal);
  out.field("ops_len");
  out.unsigned_integer(probe.ops_len);
  if (probe.resv != 0) {
    out.field("resv");
    out.hex(probe.resv);
  }
  if (any_set(std::as_bytes(std::span(probe.resv2)))) {
    out.field("resv2");
    out.begin_array();
    for (const __u32 word : probe.resv2) {
      out.element();
      out.hex(word);
    }
    out.end_array();
  }
  out.field("ops");
  print_array(
      value, address + sizeof(io_uring_probe), argument_count(value), sizeof(io_uring_probe_op),
      [&](Address at) { print_operation(value, at); }, shown_elements(value));
  out.end_struct();
}

// Which operations the kernel knows. What the caller left in there is shown if it is not empty, as it has to
// be.
void render_probe(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const Value before = value.as_before();
  const std::uint64_t size = sizeof(io_uring_probe) + argument_count(value) * sizeof(io_uring_probe_op);
  std::vector<std::byte> bytes(std::min<std::uint64_t>(size, limits::struct_bytes));
  const bool readable = address.value != 0 && before.read(address, bytes) == bytes.size();
  const Value when = readable && any_set(bytes) ? before : value;
  const auto probe = read_as<Probe>(when, address);
  if (!readable || !probe || (!any_set(bytes) && !value.succeeded())) return value.out.address(address.value);
  print_probe(when, address, *probe);
}

// A range of the registered files, and what takes their place.
void render_files_update(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto update = read_as<io_uring_files_update>(value, address);
  if (address.value == 0 || !update) return value.out.address(address.value);
  auto& out = value.out;
  out.begin_struct();
  out.field("offset");
  out.unsigned_integer(update->offset);
  if (update->resv != 0) {
    out.field("resv");
    out.hex(update->resv);
  }
  out.field("fds");
  print_array(
      value, {update->fds}, argument_count(value), sizeof(std::int32_t),
      [&](Address at) {
        const int fd = read_as<std::int32_t>(value, at).value_or(0);
        constexpr int skip = -2;  // IORING_REGISTER_FILES_SKIP
        fd == skip
            ? print_symbol(value, "IORING_REGISTER_FILES_SKIP", static_cast<std::uint64_t>(fd), Base::decimal)
            : print_fd(value, fd);
      },
      shown_elements(value));
  out.end_struct();
}

constexpr Registration table[] = {
    {Kind::io_uring_params_update, render_uring_params},
    {Kind::io_uring_probe_update, render_probe},
    {Kind::io_uring_files_update_in, render_files_update},
};

}  // namespace

Domain uring_domain() { return {table}; }

}  // namespace sonde::decode

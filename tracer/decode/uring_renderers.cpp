// io_uring.
#include <algorithm>
#include <cstddef>
#include <linux/io_uring.h>

#include "decode/print.hpp"
#include "decode/renderers.hpp"

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

// With IORING_ENTER_EXT_ARG the argument is a structure of its own.
void render_uring_sigset(const Value& value) {
  const Address address{as_word(value, value.raw)};
  if ((value.call.args[3] & IORING_ENTER_EXT_ARG) != 0) return value.out.address(address.value);
  render(Kind::sigset_in, value);
}

void print_register_iovecs(const Value& value, Address array, std::uint32_t count) {
  print_array(
      value, array, count, 16,
      [&](Address at) {
        value.out.begin_struct();
        value.out.field("iov_base");
        value.out.address(read_unsigned(value, at, 8).value_or(0));
        value.out.field("iov_len");
        value.out.unsigned_integer(read_unsigned(value, at + 8, 8).value_or(0));
        value.out.end_struct();
      },
      shown_elements(value));
}

void print_register_fds(const Value& value, Address array, std::uint32_t count) {
  print_array(
      value, array, count, 4,
      [&](Address at) { print_fd(value, static_cast<int>(read_unsigned(value, at, 4).value_or(0))); },
      shown_elements(value));
}

void print_files_update(const Value& value, Address address, std::uint32_t count) {
  const auto update = read_as<io_uring_files_update>(value, address);
  if (address.value == 0 || !update) return value.out.address(address.value);
  value.out.begin_struct();
  value.out.field("offset");
  value.out.unsigned_integer(update->offset);
  if (update->resv != 0) {
    value.out.field("resv");
    value.out.hex(update->resv);
  }
  value.out.field("fds");
  print_register_fds(value, {update->fds}, count);
  value.out.end_struct();
}

void render_uring_register_arg(const Value& value) {
  const Address address{as_word(value, value.raw)};
  const auto count = static_cast<std::uint32_t>(value.call.args[3]);
  switch (static_cast<std::uint32_t>(value.call.args[1])) {
    case IORING_REGISTER_BUFFERS:
      return print_register_iovecs(value, address, count);
    case IORING_REGISTER_FILES:
    case IORING_REGISTER_EVENTFD:
    case IORING_REGISTER_EVENTFD_ASYNC:
      return print_register_fds(value, address, count);
    case IORING_REGISTER_FILES_UPDATE:
      return print_files_update(value, address, count);
    default:
      return value.out.address(address.value);
  }
}
constexpr Registration table[] = {
    {Kind::io_uring_params_update, render_uring_params},
};

}  // namespace

Domain uring_domain() { return {table}; }

}  // namespace sonde::decode

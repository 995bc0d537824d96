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

constexpr Registration table[] = {
    {Kind::io_uring_params_update, render_uring_params},
};

}  // namespace

Domain uring_domain() { return {table}; }

}  // namespace sonde::decode

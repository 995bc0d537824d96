// The kernel's asynchronous I/O: io_submit, io_getevents, io_cancel.
#include <algorithm>
#include <linux/aio_abi.h>

#include <fmt/format.h>

#include "decode/iovec.hpp"
#include "decode/print.hpp"
#include "decode/renderers.hpp"

namespace sonde::decode {

namespace {

using syscall::Kind;

// What an operation uses of an iocb.
enum class Payload : std::uint8_t { none, data_in, data_out, vector_in, vector_out, events };

struct Operation {
  std::string_view name;
  Payload payload;
};
// By IOCB_CMD_*; the nameless were never used.
constexpr Operation operations[] = {
    {"IOCB_CMD_PREAD", Payload::data_out},
    {"IOCB_CMD_PWRITE", Payload::data_in},
    {"IOCB_CMD_FSYNC", Payload::none},
    {"IOCB_CMD_FDSYNC", Payload::none},
    {"", Payload::none},
    {"IOCB_CMD_POLL", Payload::events},
    {"IOCB_CMD_NOOP", Payload::none},
    {"IOCB_CMD_PREADV", Payload::vector_out},
    {"IOCB_CMD_PWRITEV", Payload::vector_in},
};

Operation operation_of(const iocb& block) {
  return block.aio_lio_opcode < std::size(operations) ? operations[block.aio_lio_opcode] : Operation{};
}

void print_head(const Value& value, const iocb& block) {
  auto& out = value.out;
  out.field("aio_data");
  out.hex(block.aio_data);
  if (block.aio_key != 0) {
    out.field("aio_key");
    out.unsigned_integer(block.aio_key);
  }
  if (block.aio_rw_flags != 0) {
    out.field("aio_rw_flags");
    print_flags(value, Kind::rwf_flags, static_cast<std::uint32_t>(block.aio_rw_flags));
  }
  const std::string_view name = operation_of(block).name;
  out.field("aio_lio_opcode");
  if (name.empty()) {
    print_unknown(value, "IOCB_CMD_???", block.aio_lio_opcode, Base::unsigned_decimal);
  } else {
    print_symbol(value, name, block.aio_lio_opcode, Base::unsigned_decimal);
  }
  if (block.aio_reqprio != 0) {
    out.field("aio_reqprio");
    out.integer(block.aio_reqprio);
  }
  out.field("aio_fildes");
  print_fd(value, static_cast<int>(block.aio_fildes));
}

void print_payload(const Value& value, const iocb& block) {
  auto& out = value.out;
  const Payload payload = operation_of(block).payload;
  const bool vector = payload == Payload::vector_in || payload == Payload::vector_out;
  if (payload == Payload::none) return;
  out.field("aio_buf");
  if (payload == Payload::events) return print_flags(value, named_set<"poll_events">(), block.aio_buf);
  if (vector) {
    print_iovecs(value, {block.aio_buf}, block.aio_nbytes, payload == Payload::vector_in);
  } else {
    payload == Payload::data_in ? print_data(value, {block.aio_buf}, block.aio_nbytes)
                                : out.address(block.aio_buf);
    out.field("aio_nbytes");
    out.unsigned_integer(block.aio_nbytes);
  }
  out.field("aio_offset");
  out.integer(block.aio_offset);
  if ((block.aio_flags & IOCB_FLAG_RESFD) == 0) return;
  out.field("aio_flags");
  print_flags(value, named_set<"iocb_flags">(), block.aio_flags);
  out.field("aio_resfd");
  print_fd(value, static_cast<int>(block.aio_resfd));
}

void print_iocb(const Value& value, Address address, bool whole) {
  const auto block = read_as<iocb>(value, address);
  if (address.value == 0 || !block) return value.out.address(address.value);
  value.out.begin_struct();
  print_head(value, *block);
  if (whole) print_payload(value, *block);
  value.out.end_struct();
}

// io_cancel() looks at no more than what tells operations apart.
void render_iocb(const Value& value) { print_iocb(value, {as_word(value, value.raw)}, false); }

void render_iocbs(const Value& value) {
  const auto count = as_signed_word(value, value.call.args[1]);
  const Address array{as_word(value, value.raw)};
  if (count < 0) return value.out.address(array.value);
  print_array(
      value, array, static_cast<std::uint64_t>(count), value.word(),
      [&](Address at) { print_iocb(value, {read_word(value, at).value_or(0)}, true); },
      shown_elements(value));
}

constexpr Field event_fields[] = {{"data", 0, 8, Kind::hex},
                                  {"obj", 8, 8, Kind::address},
                                  {"res", 16, 8, Kind::ldec, true},
                                  {"res2", 24, 8, Kind::ldec, true}};

void render_io_event(const Value& value) {
  print_struct(value, {as_word(value, value.raw)}, sizeof(io_event), event_fields);
}

void render_io_events(const Value& value) {
  print_array(
      value, {as_word(value, value.raw)}, static_cast<std::uint64_t>(value.call.exit->ret), sizeof(io_event),
      [&](Address at) { print_struct(value, at, sizeof(io_event), event_fields); }, shown_elements(value));
}

constexpr Registration table[] = {
    {Kind::iocb_in, render_iocb},
    {Kind::iocbs_in, render_iocbs},
    {Kind::io_event_out, render_io_event},
    {Kind::io_events_out, render_io_events},
};

}  // namespace

Domain aio_domain() { return {table}; }

}  // namespace sonde::decode

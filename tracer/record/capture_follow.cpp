// Where the pieces that were copied lead to.
#include <algorithm>
#include <linux/aio_abi.h>
#include <linux/bpf.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <linux/io_uring.h>
#include <linux/sched.h>
#include <sys/socket.h>

#include "record/capture_call.hpp"

namespace sonde::record {

using event::SegmentKind;
using syscall::Kind;

namespace {

constexpr std::size_t pointer_chunk = 512;
constexpr std::size_t sigset_bytes = 8;

}  // namespace

Capture::Leads Capture::leads_of(Kind kind) {
  switch (kind) {
    case Kind::clone_args_update:
    case Kind::bpf_attr_in:
    case Kind::ifconf_update:
    case Kind::dedupe_range_update:
    case Kind::fiemap_update:
    case Kind::io_uring_probe_update:
    case Kind::io_uring_files_update_in:
      return Leads::structure;
    default:
      return Leads::nowhere;
  }
}

// The argument that a piece was planned for, by what it points to.
Kind Capture::kind_at(const Call& call, Address address) {
  for (unsigned i = 0; i < call.row.argument_count; ++i) {
    const syscall::Argument& argument = call.row.arguments[i];
    const std::uint64_t raw = call.entry.args[argument.reg];
    if (leads_of(argument.kind) == Leads::structure &&
        (call.word() == 8 ? raw : raw & UINT32_MAX) == address.value) {
      return argument.kind;
    }
  }
  return Kind::none;
}

void Capture::follow(const Call& call, const Item& item, Bytes bytes) {
  switch (item.leads) {
    case Leads::nowhere:
    case Leads::message:
      break;
    case Leads::control_block:
      follow_control_block(bytes);
      break;
    case Leads::structure:
      follow_structure(call, item, bytes);
      break;
    case Leads::strings:
      follow_strings(call, item, bytes);
      break;
    case Leads::iovec:
    case Leads::message_iovec:
      follow_iovec(call, item, bytes);
      break;
    case Leads::pointees:
      for (std::size_t at = 0; at + call.word() <= bytes.size(); at += call.word()) {
        const Address pointee{load(bytes, at, call.word())};
        if (pointee.value != 0) add({.address = pointee, .size = item.limit, .leads = Leads::control_block});
      }
      break;
    case Leads::sigset:
      if (const Address mask{load(bytes, 0, call.word())}; mask.value != 0) {
        add({.address = mask, .size = sigset_bytes});
      }
      break;
    case Leads::msghdr:
      follow_msghdr(call, bytes, item.budget);
      break;
    case Leads::mmsghdr: {
      const std::size_t size = call.msghdr().mmsghdr_size;
      const std::size_t filled = call.result == nullptr
                                     ? bytes.size() / size
                                     : static_cast<std::size_t>(std::max<std::int64_t>(call.result->ret, 0));
      for (std::size_t i = 0; i < filled && (i + 1) * size <= bytes.size(); ++i) {
        const Bytes header = bytes.subspan(i * size, size);
        const auto received = load(header, call.msghdr().size, 4);
        follow_msghdr(call, header, call.result == nullptr ? no_budget : received);
      }
      break;
    }
  }
}

void Capture::follow_strings(const Call& call, const Item& item, Bytes pointers) {
  const std::size_t word = call.word();
  const bool strings_wanted = item.kind == SegmentKind::argument || options_.verbose;
  // strace shows as many arguments as the string limit says, unless asked for all; one more tells that more
  // follow.
  const std::size_t shown =
      options_.verbose ? limits::array_elements : options_.string_limit + std::size_t{1};
  std::size_t seen = 0;
  for (std::size_t at = 0; at + word <= pointers.size(); at += word, ++seen) {
    const std::uint64_t pointer = load(pointers, at, word);
    if (pointer == 0) return;
    if (strings_wanted && item.budget + seen < shown) {
      add_string({pointer}, options_.string_limit + std::size_t{1}, item.kind);
    }
  }
  if (pointers.size() < item.size) return;
  // The array goes on. Its budget counts the pointers seen so far.
  const std::uint64_t total = item.budget + seen;
  const Address rest = item.address + pointers.size();
  const std::size_t n = first_chunk(rest, pointer_chunk, pointer_chunk) / word * word;
  if (n == 0 || total >= limits::string_bytes / word) return;
  add({.address = rest,
       .size = n,
       .budget = total,
       .kind = item.kind,
       .leads = Leads::strings,
       .secret = Secret::nothing});
}

void Capture::follow_iovec(const Call& call, const Item& item, Bytes array) {
  const std::size_t word = call.word();
  std::uint64_t left = item.budget;
  for (std::size_t at = 0; at + 2 * word <= array.size() && left != 0; at += 2 * word) {
    const Address base{load(array, at, word)};
    const std::uint64_t length = std::min(load(array, at + word, word), left);
    add_data(base, length, item.leads == Leads::message_iovec);
    if (left != no_budget) left -= length;
  }
}

void Capture::follow_msghdr(const Call& call, Bytes header, std::uint64_t budget) {
  const MsghdrLayout& at = call.msghdr();
  const std::size_t word = call.word();
  const auto blob = [&](std::uint64_t address, std::uint64_t size, std::size_t most, Leads leads,
                        Secret secret) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size, most));
    if (address != 0 && n != 0) {
      add({.address = {address}, .size = n, .budget = budget, .leads = leads, .secret = secret});
    }
  };
  blob(load(header, at.name, word), load(header, at.name_length, 4), sizeof(sockaddr_storage), Leads::nowhere,
       Secret::socket_address);
  blob(load(header, at.control, word), load(header, at.control_length, word), limits::struct_bytes,
       Leads::nowhere, Secret::nothing);
  const std::uint64_t count =
      std::min<std::uint64_t>(load(header, at.iov_count, word), limits::array_elements);
  blob(load(header, at.iov, word), count * 2 * word, limits::array_elements * 16, Leads::message_iovec,
       Secret::nothing);
}

void Capture::follow_control_block(Bytes bytes) {
  if (bytes.size() < sizeof(iocb)) return;
  iocb block;
  std::memcpy(&block, bytes.data(), sizeof block);
  const Address buffer{block.aio_buf};
  switch (block.aio_lio_opcode) {
    case IOCB_CMD_PWRITE:
      return add_data(buffer, block.aio_nbytes, false);
    case IOCB_CMD_PREADV:
    case IOCB_CMD_PWRITEV: {
      const std::uint64_t size =
          std::min<std::uint64_t>(block.aio_nbytes, limits::array_elements) * sizeof(iovec);
      const bool writes = block.aio_lio_opcode == IOCB_CMD_PWRITEV;
      if (size != 0) {
        add({.address = buffer,
             .size = static_cast<std::size_t>(size),
             .budget = no_budget,
             .leads = writes ? Leads::iovec : Leads::nowhere});
      }
      return;
    }
    default:
      return;
  }
}

// Structures that hold pointers, or that an array follows.
void Capture::follow_structure(const Call& call, const Item& item, Bytes bytes) {
  const auto array = [&](Address address, std::uint64_t count, std::size_t size) {
    const std::uint64_t n = std::min<std::uint64_t>(count, limits::array_elements) * size;
    if (address.value != 0 && n != 0) add({.address = address, .size = static_cast<std::size_t>(n)});
  };
  const auto at = [&](std::size_t offset) { return Address{load(bytes, offset, sizeof(std::uint64_t))}; };
  switch (kind_at(call, item.address)) {
    case Kind::clone_args_update:
      if (call.at_exit()) return array(at(offsetof(clone_args, pidfd)), 1, sizeof(std::int32_t));
      return array(at(offsetof(clone_args, set_tid)), load(bytes, offsetof(clone_args, set_tid_size), 8),
                   sizeof(pid_t));
    case Kind::bpf_attr_in:
      return follow_bpf(static_cast<std::uint32_t>(call.entry.args[0]), bytes);
    case Kind::ifconf_update: {
      const Address buffer{load(bytes, call.word(), call.word())};
      const std::uint64_t size = std::min<std::uint64_t>(load(bytes, 0, 4), limits::struct_bytes);
      return call.at_exit() ? array(buffer, 1, static_cast<std::size_t>(size)) : void();
    }
    case Kind::dedupe_range_update:
      return array(item.address + sizeof(file_dedupe_range),
                   load(bytes, offsetof(file_dedupe_range, dest_count), 2), sizeof(file_dedupe_range_info));
    case Kind::fiemap_update:
      if (!call.at_exit() || !options_.verbose || load(bytes, offsetof(fiemap, fm_extent_count), 4) == 0)
        return;
      return array(item.address + sizeof(fiemap), load(bytes, offsetof(fiemap, fm_mapped_extents), 4),
                   sizeof(fiemap_extent));
    case Kind::io_uring_probe_update:
      return array(item.address + sizeof(io_uring_probe), call.entry.args[3] & UINT32_MAX,
                   sizeof(io_uring_probe_op));
    case Kind::io_uring_files_update_in:
      return array(at(offsetof(io_uring_files_update, fds)), call.entry.args[3] & UINT32_MAX,
                   sizeof(std::int32_t));
    default:
      return;
  }
}

void Capture::follow_bpf(std::uint32_t command, Bytes bytes) {
  const auto pointer = [&](std::size_t offset) {
    return Address{load(bytes, offset, sizeof(std::uint64_t))};
  };
  const auto string = [&](std::size_t offset, std::size_t limit, SegmentKind kind) {
    if (const Address address = pointer(offset); address.value != 0) add_string(address, limit, kind);
  };
  const std::size_t string_limit = options_.string_limit + std::size_t{1};
  switch (command) {
    case BPF_PROG_LOAD:
      return string(offsetof(bpf_attr, license), string_limit, SegmentKind::data);
    case BPF_OBJ_PIN:
    case BPF_OBJ_GET:
      return string(offsetof(bpf_attr, pathname), limits::path_bytes, SegmentKind::path);
    case BPF_RAW_TRACEPOINT_OPEN:
      return string(offsetof(bpf_attr, raw_tracepoint.name), string_limit, SegmentKind::data);
    default:
      return;
  }
}

}  // namespace sonde::record

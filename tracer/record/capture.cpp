#include "sonde/record/capture.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/netlink.h>
#include <optional>

#include "record/capture_call.hpp"

namespace sonde::record {

using event::SegmentKind;
using syscall::Direction;
using syscall::Kind;
using syscall::KindSpec;
using syscall::Length;
// The layer of system call tables has a type of that name too.
using Shape = syscall::Capture;

namespace {

constexpr std::size_t page = 4096;
constexpr std::size_t string_chunk = 256;  // What most strings fit in; longer ones cost a further read.
constexpr std::size_t pointer_chunk = 512;
constexpr std::size_t scratch_bytes = std::size_t{1} << 20;
constexpr std::size_t batch_pieces = 64;
constexpr std::uint64_t max_bits = 65536;  // Of an fd_set or a mask of nodes.

// A call that fails leaves nothing worth showing, but for the time that was left of an interrupted sleep.
bool fills_memory(const ptrace::SyscallResult& result) {
  constexpr int restart_block = 516;  // ERESTART_RESTARTBLOCK of the kernel's linux/errno.h
  return !result.failed || result.ret == -EINTR || result.ret == -restart_block;
}

// What is worth showing of a call that has failed: where it would have read to, and how much room it asks
// for.
bool shown_on_failure(Kind kind, std::int64_t error) {
  return kind == Kind::iovec_out || (kind == Kind::file_handle_update && error == -EOVERFLOW);
}

// struct ucontext of x86-64 (asm/ucontext.h): uc_flags, uc_link, uc_stack, a sigcontext of 256 bytes,
// uc_sigmask.
constexpr std::uint64_t ucontext_sigmask = 8 + 8 + 24 + 256;

// Whether bytes that went through a socket begin as a netlink message of at most `size` bytes does. Text
// never does, and little else.
bool looks_like_netlink(Bytes bytes, std::uint64_t size) {
  nlmsghdr header;
  if (bytes.size() < sizeof header) return false;
  std::memcpy(&header, bytes.data(), sizeof header);
  constexpr unsigned known_flags = 0xf3f;  // NLM_F_* of linux/netlink.h
  return header.nlmsg_len >= sizeof header && header.nlmsg_len <= size &&
         (header.nlmsg_flags & ~known_flags) == 0;
}

// An array of pointers up to the NULL that ends it: what lies behind is none of the call's.
Bytes up_to_null(Bytes pointers, std::size_t word) {
  for (std::size_t at = 0; at + word <= pointers.size(); at += word) {
    if (load(pointers, at, word) == 0) return pointers.first(at + word);
  }
  return pointers;
}

}  // namespace

std::size_t first_chunk(Address address, std::size_t limit, std::size_t chunk) {
  return std::min({limit, chunk, page - static_cast<std::size_t>(address.value % page)});
}

bool Capture::Call::wants(Kind kind) const {
  const Direction direction = syscall::spec(kind).direction;
  const bool both = direction == Direction::inout || direction == Direction::update;
  if (!both && direction != (result == nullptr ? Direction::in : Direction::out)) return false;
  return result == nullptr || fills_memory(*result) || shown_on_failure(kind, result->ret);
}

Capture::Capture(const Options& options)
    : options_(options),
      items_(std::make_unique<std::array<Item, limits::segments_per_event>>()),
      scratch_(new std::byte[scratch_bytes]),
      string_(new std::byte[limits::string_bytes]) {}

void Capture::entry(TaskId task, const ptrace::SyscallEntry& call, const syscall::Row& row,
                    FrameBuffer& frame) {
  const Call at{task, call, row, nullptr, memory::ProcessMemory(task.tid)};
  if (options_.detail == Detail::memory) collect(at, frame);
}

void Capture::exit(TaskId task, const ptrace::SyscallEntry& call, const ptrace::SyscallResult& result,
                   const syscall::Row& row, FrameBuffer& frame) {
  const Call at{task, call, row, &result, memory::ProcessMemory(task.tid)};
  if (options_.detail == Detail::memory) collect(at, frame);
}

void Capture::collect(const Call& call, FrameBuffer& frame) {
  planned_ = 0;
  segments_ = 0;
  netlink_like_ = false;
  for (unsigned i = 0; i < call.row.argument_count; ++i) plan(call, i);
  read_batch(call, frame);
}

void Capture::plan(const Call& call, unsigned index) {
  const KindSpec& spec = syscall::spec(call.row.arguments[index].kind);
  if (spec.capture == Shape::none || !call.wants(call.row.arguments[index].kind)) return;
  if (spec.capture == Shape::signal_frame) {
    // At rt_sigreturn the stack pointer has passed the return address and stands at the ucontext.
    if (call.word() == 8) {
      add({.address = {call.entry.stack_pointer + ucontext_sigmask}, .size = 8});
    }
    return;
  }
  const unsigned reg = call.row.arguments[index].reg;
  const std::uint64_t pointer = call.word() == 8 ? call.entry.args[reg] : call.entry.args[reg] & 0xffffffff;
  if (pointer == 0) return;
  const std::size_t first = planned_;
  plan_pointed(call, spec, {pointer}, index);
  const auto secret = secret_of(call.row.arguments[index].kind);
  for (std::size_t i = first; secret && i < planned_; ++i) {
    Item& item = (*items_)[i];
    if (item.address.value == pointer) item.secret = *secret;
  }
}

// The number that says how much an argument points to; see syscall::Length.
std::uint64_t Capture::length_of(const Call& call, Length length, unsigned reg) {
  const auto argument = [&](unsigned i) { return i < syscall::max_arguments ? call.entry.args[i] : 0; };
  const auto bytes_of_bits = [](std::uint64_t bits) { return bits > max_bits ? 0 : (bits + 63) / 64 * 8; };
  switch (length) {
    case Length::none:
      return 0;
    case Length::next:
      return argument(reg + 1);
    case Length::previous:
      return reg > 0 ? argument(reg - 1) : 0;
    case Length::first:
      return argument(0);
    case Length::second:
      return argument(1);
    case Length::ret:
      return call.result != nullptr && call.result->ret > 0 ? static_cast<std::uint64_t>(call.result->ret)
                                                            : 0;
    case Length::first_bits:
      return bytes_of_bits(argument(0));
    case Length::second_bits:
      return bytes_of_bits(argument(1));
    case Length::next_bits:
      return bytes_of_bits(argument(reg + 1));
    case Length::previous_pages:
      return reg > 0 ? argument(reg - 1) / page + (argument(reg - 1) % page != 0) : 0;
    case Length::next_pointee: {
      std::uint32_t value = 0;
      const Address where{argument(reg + 1)};
      if (call.memory.read(where, std::as_writable_bytes(std::span(&value, 1))) != sizeof value) return 0;
      add({.address = where, .size = sizeof value});
      return value;
    }
  }
  return 0;
}

void Capture::plan_pointed(const Call& call, const KindSpec& spec, Address address, unsigned index) {
  const std::size_t unit = call.word() == 8 ? spec.size64 : spec.size32;
  const std::uint64_t data_budget = call.result != nullptr && call.result->ret > 0
                                        ? static_cast<std::uint64_t>(call.result->ret)
                                        : no_budget;
  const auto piece = [&](std::uint64_t size, std::size_t most, SegmentKind kind,
                         Leads leads = Leads::nowhere) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size, most));
    if (n != 0) add({.address = address, .size = n, .budget = data_budget, .kind = kind, .leads = leads});
  };
  const auto length = [&] { return length_of(call, spec.length, call.row.arguments[index].reg); };
  const auto elements = [&](std::size_t size) {
    return std::min<std::uint64_t>(length(), limits::array_elements) * size;
  };
  constexpr std::size_t any = scratch_bytes / 4;
  switch (spec.capture) {
    case Shape::none:
      break;
    case Shape::fixed:
      piece(unit, limits::struct_bytes, SegmentKind::memory, leads_of(call.row.arguments[index].kind));
      break;
    case Shape::path:
      add_string(address, limits::path_bytes, SegmentKind::path);
      break;
    case Shape::string:
      add_string(address, options_.string_limit + 1, SegmentKind::data);
      break;
    case Shape::strings: {
      const bool environment = call.row.arguments[index].kind == syscall::Kind::envp;
      const std::size_t n = first_chunk(address, pointer_chunk, pointer_chunk) / call.word() * call.word();
      if (n != 0) {
        add({.address = address,
             .size = n,
             .kind = environment ? SegmentKind::environment : SegmentKind::argument,
             .leads = Leads::strings,
             .secret = Secret::nothing});
      }
      break;
    }
    case Shape::buffer:
      piece(length(), options_.string_limit, SegmentKind::data);
      break;
    case Shape::message:
      add_data(address, length(), true);
      break;
    case Shape::sized:
      piece(length(), limits::struct_bytes, SegmentKind::memory, leads_of(call.row.arguments[index].kind));
      break;
    case Shape::listing:
      piece(length(), limits::listing_bytes, SegmentKind::memory);
      break;
    case Shape::pointees: {
      const std::uint64_t size = elements(call.word());
      if (size != 0) {
        add({.address = address,
             .size = static_cast<std::size_t>(size),
             .limit = unit,
             .leads = Leads::pointees});
      }
      break;
    }
    case Shape::msgbuf: {
      piece(unit, unit, SegmentKind::memory);
      add_data(address + unit, length(), false);
      break;
    }
    case Shape::sigset_argpack:
      piece(2 * call.word(), 2 * call.word(), SegmentKind::memory, Leads::sigset);
      break;
    case Shape::signal_frame:
      break;  // No pointer; see plan().
    case Shape::array:
      piece(elements(unit), any, SegmentKind::memory);
      break;
    case Shape::iovec:
      // What a failed call would have read to is named by its address.
      piece(elements(2 * call.word()), any, SegmentKind::memory,
            call.at_exit() && call.result->failed ? Leads::nowhere : Leads::iovec);
      break;
    case Shape::msghdr:
      piece(call.msghdr().size, any, SegmentKind::memory, Leads::msghdr);
      break;
    case Shape::mmsghdr:
      piece(elements(call.msghdr().mmsghdr_size), any, SegmentKind::memory, Leads::mmsghdr);
      break;
  }
}

void Capture::add(Item item) {
  if (planned_ == items_->size() || segments_ == limits::segments_per_event) return;
  if (item.limit == 0) item.limit = item.size;
  if (!item.secret) item.secret = secret_of(item.kind);
  (*items_)[planned_++] = item;
  ++segments_;
}

void Capture::add_data(Address address, std::uint64_t length, bool message) {
  const std::size_t shown = message ? std::max<std::size_t>(options_.string_limit, sizeof(nlmsghdr))
                                    : std::size_t{options_.string_limit};
  const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(length, shown));
  if (n == 0) return;
  add({.address = address,
       .size = n,
       .limit = static_cast<std::size_t>(std::min<std::uint64_t>(length, limits::listing_bytes)),
       .kind = SegmentKind::data,
       .leads = message ? Leads::message : Leads::nowhere});
}

void Capture::add_string(Address address, std::size_t limit, SegmentKind kind) {
  add({.address = address,
       .size = first_chunk(address, limit, string_chunk),
       .limit = limit,
       .kind = kind,
       .is_string = true});
}

// Reads all that is planned, a batch of pieces a system call, and what it leads to after it. Items that are
// found on the way are appended behind, so this ends when the chain of pointers does; segments_per_event
// bounds it.
void Capture::read_batch(const Call& call, FrameBuffer& frame) {
  std::array<memory::Piece, batch_pieces> pieces;
  for (std::size_t first = 0; first < planned_;) {
    std::size_t count = 0;
    std::size_t used = 0;
    while (count < batch_pieces && first + count < planned_) {
      const Item& item = (*items_)[first + count];
      if (used + item.size > scratch_bytes) break;
      pieces[count] = {item.address, {scratch_.get() + used, item.size}};
      used += event::align8(item.size);
      ++count;
    }
    call.memory.read_pieces(std::span(pieces).first(count));
    for (std::size_t i = 0; i < count; ++i) {
      const Item item = (*items_)[first + i];
      emit(call, item, Bytes(pieces[i].into.first(pieces[i].done)), frame);
    }
    first += count;
  }
}

void Capture::emit(const Call& call, const Item& item, Bytes bytes, FrameBuffer& frame) {
  if (bytes.empty()) return;
  if (item.is_string) return emit_string(call, item, bytes, frame);
  if (hides(options_, *item.secret, bytes)) return frame.segment(item.address.value, item.kind, {}, true);
  if (item.leads == Leads::message && looks_like_netlink(bytes, item.limit)) {
    netlink_like_ = true;
    if (item.limit > item.size) {
      return add({.address = item.address, .size = item.limit, .kind = SegmentKind::data});
    }
  }
  const bool pointers = item.leads == Leads::strings;
  if (pointers) bytes = up_to_null(bytes, call.word());
  frame.segment(item.address.value, pointers ? SegmentKind::memory : item.kind, bytes);
  follow(call, item, bytes);
}

void Capture::emit_string(const Call& call, const Item& item, Bytes first, FrameBuffer& frame) {
  if (hides(options_, *item.secret, first)) return frame.segment(item.address.value, item.kind, {}, true);
  const auto terminated = [](Bytes bytes) -> std::optional<std::size_t> {
    const void* end = std::memchr(bytes.data(), 0, bytes.size());
    if (end == nullptr) return std::nullopt;
    return static_cast<std::size_t>(static_cast<const std::byte*>(end) - bytes.data()) + 1;
  };
  if (const auto size = terminated(first))
    return frame.segment(item.address.value, item.kind, first.first(*size));
  std::memcpy(string_.get(), first.data(), first.size());
  std::size_t have = first.size();
  const std::size_t limit = std::min(item.limit, limits::string_bytes);
  while (have == item.size || have < limit) {
    const std::size_t more = first_chunk(item.address + have, limit - have, page);
    if (more == 0) break;
    const std::size_t n = call.memory.read(item.address + have, {string_.get() + have, more});
    const auto size = terminated({string_.get() + have, n});
    have += size.value_or(n);
    if (size || n < more) break;
  }
  frame.segment(item.address.value, item.kind, {string_.get(), have});
}

}  // namespace sonde::record

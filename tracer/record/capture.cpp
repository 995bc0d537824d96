#include "sonde/record/capture.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace sonde::record {

using event::SegmentKind;
using syscall::Direction;
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
constexpr std::size_t sigset_bytes = 8;
constexpr std::uint64_t no_budget = ~std::uint64_t{0};

std::uint64_t load(Bytes bytes, std::size_t offset, std::size_t size) {
  std::uint64_t value = 0;
  if (offset + size <= bytes.size()) std::memcpy(&value, bytes.data() + offset, size);
  return value;
}

// How far a first read of a string may go: strings end near where they begin, and the page behind may not
// exist.
std::size_t first_chunk(Address address, std::size_t limit, std::size_t chunk) {
  return std::min({limit, chunk, page - static_cast<std::size_t>(address.value % page)});
}

// A call that fails leaves nothing worth showing, but for the time that was left of an interrupted sleep.
bool fills_memory(const ptrace::SyscallResult& result) {
  constexpr int restart_block = 516;  // ERESTART_RESTARTBLOCK of the kernel's linux/errno.h
  return !result.failed || result.ret == -EINTR || result.ret == -restart_block;
}

// Where the kernel's msghdr keeps its members (linux/socket.h; the compat form for 32-bit callers).
struct MsghdrLayout {
  std::size_t name, name_length, iov, iov_count, control, control_length, size, mmsghdr_size;
};

// struct ucontext of x86-64 (asm/ucontext.h): uc_flags, uc_link, uc_stack, a sigcontext of 256 bytes,
// uc_sigmask.
constexpr std::uint64_t ucontext_sigmask = 8 + 8 + 24 + 256;

constexpr MsghdrLayout msghdr64{0, 8, 16, 24, 32, 40, 56, 64};
constexpr MsghdrLayout msghdr32{0, 4, 8, 12, 16, 20, 28, 32};

}  // namespace

struct Capture::Call {
  TaskId task;
  const ptrace::SyscallEntry& entry;
  const syscall::Row& row;
  const ptrace::SyscallResult* result;  // nullptr at the entry.
  memory::ProcessMemory memory;

  std::size_t word() const { return word_size(entry.abi); }
  const MsghdrLayout& msghdr() const { return word() == 8 ? msghdr64 : msghdr32; }
  bool wants(Direction direction) const {
    const bool both = direction == Direction::inout || direction == Direction::update;
    return both || direction == (result == nullptr ? Direction::in : Direction::out);
  }
};

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
  if (options_.detail == Detail::memory && fills_memory(result)) collect(at, frame);
}

void Capture::collect(const Call& call, FrameBuffer& frame) {
  planned_ = 0;
  segments_ = 0;
  for (unsigned i = 0; i < call.row.argument_count; ++i) plan(call, i);
  read_batch(call, frame);
}

void Capture::plan(const Call& call, unsigned index) {
  const KindSpec& spec = syscall::spec(call.row.arguments[index].kind);
  if (spec.capture == Shape::none || !call.wants(spec.direction)) return;
  if (spec.capture == Shape::signal_frame) {
    // At rt_sigreturn the stack pointer has passed the return address and stands at the ucontext.
    if (call.word() == 8) {
      add({{call.entry.stack_pointer + ucontext_sigmask},
           8,
           8,
           0,
           SegmentKind::memory,
           Leads::nowhere,
           false});
    }
    return;
  }
  const unsigned reg = call.row.arguments[index].reg;
  const std::uint64_t pointer = call.word() == 8 ? call.entry.args[reg] : call.entry.args[reg] & 0xffffffff;
  if (pointer != 0) plan_pointed(call, spec, {pointer}, index);
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
      add({where, sizeof value, sizeof value, 0, SegmentKind::memory, Leads::nowhere, false});
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
    if (n != 0) add({address, n, n, data_budget, kind, leads, false});
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
      piece(unit, limits::struct_bytes, SegmentKind::memory);
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
        add({address, n, n, 0, environment ? SegmentKind::environment : SegmentKind::argument, Leads::strings,
             false});
      }
      break;
    }
    case Shape::buffer:
      piece(length(), options_.string_limit, SegmentKind::data);
      break;
    case Shape::sized:
      piece(length(), limits::struct_bytes, SegmentKind::memory);
      break;
    case Shape::listing:
      piece(length(), limits::listing_bytes, SegmentKind::memory);
      break;
    case Shape::pointees: {
      const std::uint64_t size = elements(call.word());
      if (size != 0) {
        add({address, static_cast<std::size_t>(size), unit, 0, SegmentKind::memory, Leads::pointees, false});
      }
      break;
    }
    case Shape::msgbuf: {
      piece(unit, unit, SegmentKind::memory);
      const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(length(), options_.string_limit));
      if (n != 0) add({address + unit, n, n, 0, SegmentKind::data, Leads::nowhere, false});
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
      piece(elements(2 * call.word()), any, SegmentKind::memory, Leads::iovec);
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
  if (planned_ < items_->size() && segments_ < limits::segments_per_event) {
    (*items_)[planned_++] = item;
    ++segments_;
  }
}

void Capture::add_string(Address address, std::size_t limit, SegmentKind kind) {
  add({address, first_chunk(address, limit, string_chunk), limit, 0, kind, Leads::nowhere, true});
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
  const bool pointers = item.leads == Leads::strings;
  if (!pointers && redacted(item.kind)) return frame.segment(item.address.value, item.kind, {}, true);
  frame.segment(item.address.value, pointers ? SegmentKind::memory : item.kind, bytes);
  if (item.leads != Leads::nowhere) follow(call, item, bytes);
}

void Capture::emit_string(const Call& call, const Item& item, Bytes first, FrameBuffer& frame) {
  if (redacted(item.kind)) return frame.segment(item.address.value, item.kind, {}, true);
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

void Capture::follow(const Call& call, const Item& item, Bytes bytes) {
  switch (item.leads) {
    case Leads::nowhere:
      break;
    case Leads::strings:
      follow_strings(call, item, bytes);
      break;
    case Leads::iovec:
      follow_iovec(call, item, bytes);
      break;
    case Leads::pointees:
      for (std::size_t at = 0; at + call.word() <= bytes.size(); at += call.word()) {
        const Address pointee{load(bytes, at, call.word())};
        if (pointee.value != 0)
          add({pointee, item.limit, item.limit, 0, SegmentKind::memory, Leads::nowhere, false});
      }
      break;
    case Leads::sigset:
      if (const Address mask{load(bytes, 0, call.word())}; mask.value != 0) {
        add({mask, sigset_bytes, sigset_bytes, 0, SegmentKind::memory, Leads::nowhere, false});
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
  add({rest, n, n, total, item.kind, Leads::strings, false});
}

void Capture::follow_iovec(const Call& call, const Item& item, Bytes array) {
  const std::size_t word = call.word();
  std::uint64_t left = item.budget;
  for (std::size_t at = 0; at + 2 * word <= array.size() && left != 0; at += 2 * word) {
    const Address base{load(array, at, word)};
    const std::uint64_t length = std::min(load(array, at + word, word), left);
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(length, options_.string_limit));
    if (n != 0) add({base, n, n, 0, SegmentKind::data, Leads::nowhere, false});
    if (left != no_budget) left -= length;
  }
}

void Capture::follow_msghdr(const Call& call, Bytes header, std::uint64_t budget) {
  const MsghdrLayout& at = call.msghdr();
  const std::size_t word = call.word();
  const auto blob = [&](std::uint64_t address, std::uint64_t size, std::size_t most, Leads leads) {
    const auto n = static_cast<std::size_t>(std::min<std::uint64_t>(size, most));
    if (address != 0 && n != 0) add({{address}, n, n, budget, SegmentKind::memory, leads, false});
  };
  blob(load(header, at.name, word), load(header, at.name_length, 4), 128, Leads::nowhere);
  blob(load(header, at.control, word), load(header, at.control_length, word), limits::struct_bytes,
       Leads::nowhere);
  const std::uint64_t count =
      std::min<std::uint64_t>(load(header, at.iov_count, word), limits::array_elements);
  blob(load(header, at.iov, word), count * 2 * word, limits::array_elements * 16, Leads::iovec);
}

bool Capture::redacted(SegmentKind kind) const {
  switch (kind) {
    case SegmentKind::data:
    case SegmentKind::argument:
      return options_.redact_strings;
    case SegmentKind::path:
      return options_.redact_paths;
    case SegmentKind::environment:
      return options_.redact_environment;
    case SegmentKind::memory:
    case SegmentKind::fd_path:
    case SegmentKind::fd_detail:
    case SegmentKind::stack:
    case SegmentKind::mapping:
    case SegmentKind::message:
      return false;
  }
  return false;
}

}  // namespace sonde::record

#include "sonde/filter/event_fields.hpp"

#include <cstring>
#include <fcntl.h>

#include "argument.hpp"

namespace sonde::filter {

namespace {

Integer signed32(std::int64_t value) { return {static_cast<std::uint64_t>(value), 32, true}; }
Integer unsigned64(std::uint64_t value) { return {value, 64, false}; }

Values<std::string_view> readable(std::string_view text) {
  return text.empty() ? Values<std::string_view>::without(Presence::unreadable)
                      : Values<std::string_view>::of(text);
}

// A path argument's name, up to its NUL.
std::optional<std::string_view> path_at(const event::Snapshot& snapshot, Address address) {
  if (snapshot.redacted(address)) return std::nullopt;
  const auto bytes = snapshot.bytes_at(address);
  if (!bytes) return std::nullopt;
  const auto* text = reinterpret_cast<const char*>(bytes->data());
  return std::string_view(text, ::strnlen(text, bytes->size()));
}

bool faults(int signal) {
  return signal == SIGSEGV || signal == SIGBUS || signal == SIGILL || signal == SIGFPE || signal == SIGTRAP;
}

constexpr std::uint32_t heap_kinds = bit(EventKind::alloc) | bit(EventKind::free) | bit(EventKind::realloc);

void require(const Node& node, RequiredCapture& capture) {
  for (const Node& operand : node.operands) require(operand, capture);
  if (node.op != Node::Op::test) return;
  switch (node.test->field) {
    case Field::path:
      capture.paths = capture.fd_paths = true;
      break;
    case Field::comm:
    case Field::exe:
      capture.names = true;
      break;
    case Field::site_function:
    case Field::site_file:
    case Field::site_line:
    case Field::site_module:
    case Field::stack:
      capture.stacks = true;
      break;
    case Field::alloc_size:
    case Field::alloc_address:
    case Field::alloc_function:
    case Field::alloc_usable:
      capture.heap = true;
      break;
    case Field::alloc_age:
      capture.heap = capture.ages = true;
      break;
    case Field::kind:
      capture.heap |= !node.test->negated && (std::get<BitsTest>(node.test->body).mask & heap_kinds) != 0;
      break;
    default:
      break;
  }
}

}  // namespace

Values<Integer> OriginFields::integers(Field field) const {
  switch (field) {
    case Field::pid:
      return Values<Integer>::of(signed32(origin_.task.pid));
    case Field::tid:
      return Values<Integer>::of(signed32(origin_.task.tid));
    case Field::time:
      return Values<Integer>::of(unsigned64(origin_.since_start));
    case Field::site_line:
      return origin_.stack != nullptr ? origin_.stack->site_line() : Values<Integer>{};
    default:
      return {};
  }
}

Values<std::string_view> OriginFields::strings(Field field) const {
  switch (field) {
    case Field::comm:
      return readable(origin_.comm);
    case Field::exe:
      return readable(origin_.exe);
    case Field::site_function:
      return origin_.stack != nullptr ? origin_.stack->site_function() : StackView::Names{};
    case Field::site_file:
      return origin_.stack != nullptr ? origin_.stack->site_file() : StackView::Names{};
    case Field::site_module:
      return origin_.stack != nullptr ? origin_.stack->site_module() : StackView::Names{};
    default:
      return {};
  }
}

Verdict OriginFields::stack_has(StackPart part, std::string_view name) const {
  return origin_.stack != nullptr ? origin_.stack->has(part, name) : Verdict::unknown;
}

Bits OriginFields::bits(Field field) const {
  if (field != Field::kind) return {};
  return {Presence::known, bit(kind_)};
}

Presence CallFields::exit_presence() const {
  if (call_.state == CallState::entered) return Presence::pending;
  return call_.state == CallState::returned ? Presence::known : Presence::absent;
}

Integer CallFields::value(const syscall::Argument& argument) const {
  const ArgumentType type = argument_type(call_.abi, argument.kind);
  return {call_.args[argument.reg], type.width, type.is_signed};
}

Values<Integer> CallFields::integers(Field field) const {
  if (const auto reg = register_of(field)) {
    const auto* argument = argument_in(*call_.row, *reg);
    return argument == nullptr ? Values<Integer>{} : Values<Integer>::of(value(*argument));
  }
  const Presence at_exit = exit_presence();
  const bool here = at_exit == Presence::known;
  switch (field) {
    case Field::nr:
      return Values<Integer>::of({call_.nr, 32, false});
    case Field::fd: {
      Values<Integer> fds;
      each_argument(*call_.row, [&](const syscall::Argument& argument) {
        if (is_descriptor(argument.kind)) fds.add(value(argument));
      });
      return fds;
    }
    case Field::ret:
      if (!here) return Values<Integer>::without(at_exit);
      return Values<Integer>::of({static_cast<std::uint64_t>(call_.failed ? -1 : call_.ret), 64, true});
    case Field::errno_:
      if (!here) return Values<Integer>::without(at_exit);
      return call_.failed ? Values<Integer>::of(signed32(-call_.ret)) : Values<Integer>{};
    case Field::duration:
      return here ? Values<Integer>::of(unsigned64(call_.duration)) : Values<Integer>::without(at_exit);
    default:
      return OriginFields::integers(field);
  }
}

Values<std::string_view> CallFields::paths() const {
  Values<std::string_view> paths;
  bool missing = false;
  each_argument(*call_.row, [&](const syscall::Argument& argument) {
    std::optional<std::string_view> path;
    if (is_path(argument.kind)) {
      const Integer pointer = value(argument);
      const Address address{pointer.width == 32 ? static_cast<std::uint32_t>(pointer.bits) : pointer.bits};
      if (address.value == 0) return;
      path = path_at(call_.entered, address);
    } else if (is_descriptor(argument.kind)) {
      const auto fd = static_cast<int>(static_cast<std::uint32_t>(call_.args[argument.reg]));
      path = call_.entered.fd_path(fd);
      if (!path && fd < 0) return;
    } else {
      return;
    }
    if (path) {
      paths.add(*path);
    } else {
      missing = true;
    }
  });
  if (missing) paths.presence = Presence::unreadable;
  return paths;
}

Values<std::string_view> CallFields::strings(Field field) const {
  return field == Field::path ? paths() : OriginFields::strings(field);
}

Values<FlagBits> CallFields::flags() const {
  Values<FlagBits> flags;
  each_argument(*call_.row, [&](const syscall::Argument& argument) {
    if (const auto* set = flag_set(argument.kind)) flags.add({set, value(argument)});
  });
  return flags;
}

Bits CallFields::bits(Field field) const {
  switch (field) {
    case Field::kind:
      return {Presence::known, event_kinds(*call_.row)};
    case Field::class_:
      return {Presence::known, static_cast<std::uint32_t>(call_.row->classes)};
    case Field::failed:
      return {exit_presence(), call_.failed ? 1u : 0u};
    case Field::status:
      switch (call_.state) {
        case CallState::entered:
          return {Presence::pending, 0};
        case CallState::returned:
          return {Presence::known, bit(call_.failed ? CallStatus::failed : CallStatus::successful)};
        case CallState::unfinished:
          return {Presence::known, bit(CallStatus::unfinished)};
        case CallState::unavailable:
          return {Presence::known, bit(CallStatus::unavailable)};
        case CallState::detached:
          return {Presence::known, bit(CallStatus::detached)};
      }
      return {};
    default:
      return OriginFields::bits(field);
  }
}

std::optional<SyscallNumber> CallFields::call() const { return SyscallNumber{call_.abi, call_.nr}; }

Values<Integer> SignalFields::integers(Field field) const {
  switch (field) {
    case Field::signal:
      return Values<Integer>::of(signed32(info_.si_signo));
    case Field::signal_code:
      return Values<Integer>::of(signed32(info_.si_code));
    case Field::signal_address:
      if (!faults(info_.si_signo) || info_.si_code <= 0) return {};
      return Values<Integer>::of(unsigned64(reinterpret_cast<std::uint64_t>(info_.si_addr)));
    default:
      return OriginFields::integers(field);
  }
}

RequiredCapture required_capture(const TypedExpr& expr) {
  RequiredCapture capture;
  require(expr.root, capture);
  return capture;
}

}  // namespace sonde::filter

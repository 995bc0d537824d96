// What an expression says of one event.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sonde/filter/typed.hpp"

namespace sonde::filter {

// Kleene's three values, and one more: `pending` is decided by what is not known yet, at the entry of a call.
//
//   and: no < pending < unknown < yes, the least      or: no < unknown < pending < yes, the greatest
//   not: yes <-> no, unknown and pending stay
//
// Only `yes` is shown. `pending` asks again at the exit; at an event's end it does not occur.
enum class Verdict : std::uint8_t { no, unknown, pending, yes };

Verdict operator!(Verdict verdict);
Verdict both(Verdict a, Verdict b);
Verdict either(Verdict a, Verdict b);

// Whether an event has a field.
enum class Presence : std::uint8_t {
  absent,      // The event has no such field.
  pending,     // It has one that is not known yet.
  unreadable,  // It has one whose value, or some of whose values, could not be read.
  known,
};

// A register or other integer with its width; bits above the width are ignored.
struct Integer {
  std::uint64_t bits = 0;
  std::uint8_t width = 64;  // 32 or 64.
  bool is_signed = false;
};

// A flags argument: its bits, and the set that it prints from.
struct FlagBits {
  const syscall::ConstantSet* set = nullptr;
  Integer value;
};

// The values of a field, few enough to be held inside. With `unreadable`, those that could be read.
template <typename T>
struct Values {
  // Each of a call's arguments makes a value or two at most.
  static constexpr std::size_t capacity = 12;

  Presence presence = Presence::absent;
  std::uint8_t count = 0;
  std::array<T, capacity> items{};

  void add(T value) {
    presence = presence == Presence::absent ? Presence::known : presence;
    if (count < capacity) items[count++] = value;
  }
  static Values of(T value) {
    Values values;
    values.add(value);
    return values;
  }
  static Values without(Presence why) {
    Values values;
    values.presence = why;
    return values;
  }
};

// Bits of kind, status or class; of a boolean, 1 or 0.
struct Bits {
  Presence presence = Presence::absent;
  std::uint32_t bits = 0;
};

struct SyscallNumber {
  Abi abi;
  std::uint32_t nr;
};

// One event as filters see it. Implementations answer for the fields that they know and leave the others
// absent.
class Fields {
 public:
  virtual ~Fields() = default;

  // Integers, durations (nanoseconds), errno and signal.
  virtual Values<Integer> integers(Field) const { return {}; }
  virtual Values<std::string_view> strings(Field) const { return {}; }
  virtual Values<FlagBits> flags() const { return {}; }
  virtual Bits bits(Field) const { return {}; }
  // Empty when the event is no system call. A number that the table does not know has no name and no class:
  // it is in no set, and so in every negated one.
  virtual std::optional<SyscallNumber> call() const { return std::nullopt; }
  // Whether some frame of the event's stack has that name in that part.
  virtual Verdict stack_has(StackPart, std::string_view) const { return Verdict::unknown; }
};

// Allocates nothing itself (RE2 may, within its bound, while its automaton grows). Recursion is bounded by
// limits::filter_nesting.
Verdict evaluate(const Node& node, const Fields& fields);
inline Verdict evaluate(const TypedExpr& expr, const Fields& fields) { return evaluate(expr.root, fields); }

// The tests behind it, for the pushdown, which must agree.
bool passes(const IntegerTest& test, Integer value);
bool passes(const FlagCase& flag, Integer value);
bool passes(const StringTest& test, std::string_view value);

}  // namespace sonde::filter

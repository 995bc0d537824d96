// The fields of the filter language, their types, and the names that some of them take.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace sonde::filter {

enum class Field : std::uint8_t {
#define FIELD(identifier, name, type, since) identifier,
#include "sonde/filter/fields.def"
#undef FIELD
  count_
};

enum class FieldType : std::uint8_t {
  boolean,   // Alone, or == true.
  integer,   // Numbers, sizes, names of constants.
  duration,  // 10ms.
  string,
  syscall,  // Names, globs, classes.
  class_,   // file, %file.
  flags,    // has O_CREAT.
  errno_,   // Names or numbers.
  signal,   // Names or numbers.
  kind,     // EventKind's names.
  status,   // CallStatus's names.
  stack,    // has function "main".
};

// `kind`: what sort of event it is.
enum class EventKind : std::uint8_t { syscall, alloc, free, realloc, signal, process, mapping };

// `status`: how a system call ended, in strace's words for -e status=.
enum class CallStatus : std::uint8_t {
  successful,
  failed,
  unfinished,   // It never returned: the task ended inside it.
  unavailable,  // It returned, but its result could not be read.
  detached,     // It had not returned when the task was let go.
};

std::string_view name(Field field);
FieldType type(Field field);
// True when a system call's event knows the field only once the call has returned.
bool known_at_exit(Field field);
std::optional<Field> field_named(std::string_view name);
std::span<const std::string_view> field_names();

// In the order of their enumerators.
std::span<const std::string_view> event_kind_names();
std::span<const std::string_view> call_status_names();

// Bits of `kind` and `status` as tests hold them.
constexpr std::uint32_t bit(EventKind kind) { return 1u << static_cast<unsigned>(kind); }
constexpr std::uint32_t bit(CallStatus status) { return 1u << static_cast<unsigned>(status); }

}  // namespace sonde::filter

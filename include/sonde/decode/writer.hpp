// What a renderer says of a value, independent of the form it is printed in: the text form writes strace's
// syntax, the JSON form typed fields. Renderers are written once, against this.
#pragma once

#include <cstdint>
#include <string_view>

#include "sonde/base/types.hpp"
#include "sonde/event/snapshot.hpp"

namespace sonde::decode {

class Writer {
 public:
  virtual ~Writer() = default;

  // Scalars. Text: -3, 3, 0x3 (0 as 0), 0644 (three digits at least: 000, 022).
  virtual void integer(std::int64_t value) = 0;
  virtual void unsigned_integer(std::uint64_t value) = 0;
  virtual void hex(std::uint64_t value) = 0;
  virtual void octal(std::uint64_t value) = 0;
  // A pointer that is not or cannot be followed. Text: NULL or 0x7ffe....
  virtual void address(std::uint64_t value) = 0;
  // A value shown by its constant or its sum of flags. Text: the symbol alone. JSON: {"value":…,"name":…}.
  virtual void symbol(std::string_view text, std::uint64_t value) = 0;
  // A string of the tracee's, quoted and escaped by the writer. `truncated`: more followed than was captured.
  virtual void string(Bytes bytes, bool truncated) = 0;
  // The same of data that is no text. Text: in \x form throughout.
  virtual void data(Bytes bytes, bool truncated) { string(bytes, truncated); }
  // A file descriptor. `target` is what it refers to as far as that is known and asked for. Text:
  // 3</etc/passwd>, 0</dev/null<char 1:3>>, 4<TCP:[127.0.0.1:80->127.0.0.1:4242]>.
  virtual void descriptor(std::int64_t fd, const event::FdTarget& target) = 0;
  // Something that was left out on request.
  virtual void redacted() = 0;

  // Composites. Text: {st_mode=S_IFREG|0644, ...} and [1, 2, ...]. Calls nest; each element or field is
  // announced before its value.
  virtual void begin_struct() = 0;
  virtual void field(std::string_view name) = 0;
  // A field whose value says by itself what it is. Text: the value alone, inet_pton(AF_INET6, "::1",
  // &sin6_addr).
  virtual void unnamed_field(std::string_view name) { field(name); }
  virtual void end_struct() = 0;
  virtual void begin_array() = 0;
  virtual void element() = 0;
  virtual void end_array() = 0;
  // Which element follows, after element(), where that has a name. Text: [VINTR]=0x3.
  virtual void index(std::string_view) {}
  // A set of small numbers or names. Text: [3 5], ~[INT CHLD] when it is given by what it lacks.
  virtual void begin_set(bool) { begin_array(); }
  virtual void member() { element(); }
  virtual void end_set() { end_array(); }
  // A value as it was before the call and as the call left it. Text: [0] => [10].
  virtual void begin_change() {
    begin_array();
    element();
  }
  virtual void changed() { element(); }
  virtual void end_change() { end_array(); }
  // More fields or elements exist than are shown. Text: "...", as a further element of the composite.
  virtual void more() = 0;

  // The `size` bytes of a structure from `offset` on, which nothing is known about, as its last field;
  // `bytes` are those shown. Text:
  // /* bytes 24..31 */ "\x77\x00...".
  virtual void unknown_bytes(std::uint64_t, Bytes, std::uint64_t) { more(); }

  // The name of an argument, where the text form says it because the order is not that of the registers.
  // Text: flags=.
  virtual void label(std::string_view) {}

  // A remark beside a value, which JSON leaves out. Text: " /* 20 vars */".
  virtual void comment(std::string_view text) = 0;
  // What strace says of a call's result beside its value, in its syntax. Text: " (Timeout)".
  virtual void remark(std::string_view) {}
  // A value that has no structure but its printed form: text as it is, which JSON writes as a string. The
  // text is the renderer's own or escaped by it; nothing of a tracee's goes through here raw.
  virtual void verbatim(std::string_view text) = 0;

  // A call-like value: makedev(0x8, 0x1), inet_addr("127.0.0.1"). Text: name(arg, arg). JSON: the name with
  // its arguments as an array.
  virtual void begin_call(std::string_view name) = 0;
  virtual void argument() = 0;
  virtual void end_call() = 0;
};

}  // namespace sonde::decode

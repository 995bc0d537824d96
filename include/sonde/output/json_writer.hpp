// The typed form of what renderers say: JSON values. docs/json.md describes them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sonde/decode/text_writer.hpp"
#include "sonde/decode/writer.hpp"

namespace sonde::output {

// Appends `value` as a JSON number, or as a string of decimal digits beyond ±(2^53 − 1), where many readers
// round.
void append_json_integer(std::string& out, std::int64_t value);
void append_json_unsigned(std::string& out, std::uint64_t value);
// Appends `text`, which is UTF-8, quoted.
void append_json_string(std::string& out, std::string_view text);
// Appends bytes of a tracee's: a string when they are UTF-8, else {"base64":"…"}; either in an object with
// "truncated":true when more followed.
void append_json_bytes(std::string& out, Bytes bytes, bool truncated);
// The same of text, whole.
inline void append_json_text(std::string& out, std::string_view text) {
  append_json_bytes(out, std::as_bytes(std::span(text)), false);
}

// Appends one JSON value to `out`, whatever a renderer says of it, including nothing (null) and several
// values in one place: scalars that the text form prints side by side become one string as printed
// ("S_IFREG|0644"), others an array.
class JsonWriter final : public decode::Writer {
 public:
  explicit JsonWriter(std::string& out) : out_(out), text_(printed_, decode::HexStrings::never) {}

  // Every value stands between these two.
  void begin_value();
  void end_value();
  // What was remarked on the value, "" when nothing.
  std::string_view last_remark() const { return remark_; }

  void integer(std::int64_t value) override;
  void unsigned_integer(std::uint64_t value) override;
  void hex(std::uint64_t value) override;
  void octal(std::uint64_t value) override;
  void address(std::uint64_t value) override;
  void symbol(std::string_view text, std::uint64_t value) override;
  void string(Bytes bytes, bool truncated) override;
  void descriptor(std::int64_t fd, const event::FdTarget& target) override;
  void redacted() override;
  void begin_struct() override;
  void field(std::string_view name) override;
  void end_struct() override;
  void begin_array() override;
  void element() override;
  void end_array() override;
  void more() override;
  void comment(std::string_view text) override;
  void remark(std::string_view text) override;
  void verbatim(std::string_view text) override;
  void begin_call(std::string_view name) override;
  void argument() override;
  void end_call() override;

 private:
  enum class Shape : std::uint8_t { value, object, array };
  // A composite that is open, and the place in it where values go now.
  struct Level {
    Shape shape;
    std::string_view closing;
    bool any = false;        // It has a member.
    bool placed = false;     // A place is open: after its key or comma.
    unsigned values = 0;     // Written in that place.
    bool composite = false;  // One of them is not a scalar.
    bool listed = false;     // They are being written as an array.
    std::size_t start = 0;   // Where in out_ the place begins.
  };

  void place(std::string_view key);
  void close_place();
  void before_scalar();
  void after_scalar();
  void before_composite(Shape shape, std::string_view opening, std::string_view closing);
  void after_composite();

  std::string& out_;
  std::string printed_;  // The scalars of the place, as text.
  decode::TextWriter text_;
  std::vector<Level> levels_;
  std::string remark_;
};

}  // namespace sonde::output

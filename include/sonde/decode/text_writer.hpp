// The text form: strace's syntax, appended to a string.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sonde/decode/style.hpp"
#include "sonde/decode/writer.hpp"

namespace sonde::decode {

// Appends to `out`, which the caller owns and may read or clear between values. What it appends is one line's
// worth: every byte of the tracee's outside printable ASCII is escaped, so no newline and no control
// character gets through.
class TextWriter final : public Writer {
 public:
  TextWriter(std::string& out, HexStrings hex_strings) : out_(out), hex_strings_(hex_strings) {}

  void integer(std::int64_t value) override;
  void unsigned_integer(std::uint64_t value) override;
  void hex(std::uint64_t value) override;
  void octal(std::uint64_t value) override;
  void address(std::uint64_t value) override;
  void symbol(std::string_view text, std::uint64_t value) override;
  void string(Bytes bytes, bool truncated) override;
  void data(Bytes bytes, bool truncated) override;
  void descriptor(std::int64_t fd, const event::FdTarget& target) override;
  void redacted() override;
  void begin_struct() override;
  void field(std::string_view name) override;
  void unnamed_field(std::string_view name) override;
  void end_struct() override;
  void begin_array() override;
  void element() override;
  void end_array() override;
  void index(std::string_view name) override;
  void begin_set(bool inverted) override;
  void member() override;
  void end_set() override;
  void begin_change() override {}
  void changed() override;
  void end_change() override {}
  void more() override;
  void unknown_bytes(std::uint64_t offset, Bytes bytes, std::uint64_t size) override;
  void label(std::string_view name) override;
  void comment(std::string_view text) override;
  void remark(std::string_view text) override;
  void verbatim(std::string_view text) override;
  void begin_call(std::string_view name) override;
  void argument() override;
  void end_call() override;

 private:
  void open(char bracket);
  void close(char bracket);
  void separate(std::string_view separator = ", ");

  std::string& out_;
  HexStrings hex_strings_;
  std::vector<bool> started_;  // Of each open composite: something stands in it, so the next needs a comma.
};

// Appends `text` as strace quotes it, without the quotes: \n and its kin, \", \\, the rest outside printable
// ASCII in octal as short as the following byte allows; in \xNN throughout where `hex_strings` asks. `also`
// are further characters to escape.
void append_quoted(std::string& out, Bytes text, HexStrings hex_strings, std::string_view also = {});

}  // namespace sonde::decode

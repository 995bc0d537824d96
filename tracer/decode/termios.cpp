// Terminal settings, of the three structures that there are for them.
#include "decode/termios.hpp"

#include <algorithm>
#include <asm/ioctls.h>
#include <asm/termbits.h>
#include <linux/tty.h>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace sonde::decode {

namespace {

using syscall::Constant;

#define CONSTANT(name) \
  { #name, name }
constexpr Constant iflag_names[] = {
    CONSTANT(IGNBRK), CONSTANT(BRKINT), CONSTANT(IGNPAR), CONSTANT(PARMRK),  CONSTANT(INPCK),
    CONSTANT(ISTRIP), CONSTANT(INLCR),  CONSTANT(IGNCR),  CONSTANT(ICRNL),   CONSTANT(IUCLC),
    CONSTANT(IXON),   CONSTANT(IXANY),  CONSTANT(IXOFF),  CONSTANT(IMAXBEL), CONSTANT(IUTF8),
};
constexpr Constant oflag_names[] = {
    CONSTANT(OPOST), CONSTANT(OLCUC),  CONSTANT(ONLCR), CONSTANT(OCRNL),
    CONSTANT(ONOCR), CONSTANT(ONLRET), CONSTANT(OFILL), CONSTANT(OFDEL),
};
constexpr Constant cflag_names[] = {
    CONSTANT(CSTOPB), CONSTANT(CREAD),  CONSTANT(PARENB), CONSTANT(PARODD),
    CONSTANT(HUPCL),  CONSTANT(CLOCAL), CONSTANT(CMSPAR), CONSTANT(CRTSCTS),
};
constexpr Constant lflag_names[] = {
    CONSTANT(ISIG),   CONSTANT(ICANON),  CONSTANT(XCASE),   CONSTANT(ECHO),
    CONSTANT(ECHOE),  CONSTANT(ECHOK),   CONSTANT(ECHONL),  CONSTANT(NOFLSH),
    CONSTANT(IEXTEN), CONSTANT(ECHOCTL), CONSTANT(ECHOPRT), CONSTANT(ECHOKE),
    CONSTANT(FLUSHO), CONSTANT(PENDIN),  CONSTANT(TOSTOP),  CONSTANT(EXTPROC),
};
constexpr Constant baud_names[] = {
    CONSTANT(B0),       CONSTANT(B50),      CONSTANT(B75),      CONSTANT(B110),     CONSTANT(B134),
    CONSTANT(B150),     CONSTANT(B200),     CONSTANT(B300),     CONSTANT(B600),     CONSTANT(B1200),
    CONSTANT(B1800),    CONSTANT(B2400),    CONSTANT(B4800),    CONSTANT(B9600),    CONSTANT(B19200),
    CONSTANT(B38400),   CONSTANT(BOTHER),   CONSTANT(B57600),   CONSTANT(B115200),  CONSTANT(B230400),
    CONSTANT(B460800),  CONSTANT(B500000),  CONSTANT(B576000),  CONSTANT(B921600),  CONSTANT(B1000000),
    CONSTANT(B1152000), CONSTANT(B1500000), CONSTANT(B2000000), CONSTANT(B2500000), CONSTANT(B3000000),
    CONSTANT(B3500000), CONSTANT(B4000000),
};
// The delays and sizes that are numbers inside a word of flags.
constexpr Constant newline_delays[] = {CONSTANT(NL0), CONSTANT(NL1)};
constexpr Constant return_delays[] = {CONSTANT(CR0), CONSTANT(CR1), CONSTANT(CR2), CONSTANT(CR3)};
constexpr Constant tab_delays[] = {CONSTANT(TAB0), CONSTANT(TAB1), CONSTANT(TAB2), CONSTANT(XTABS)};
constexpr Constant backspace_delays[] = {CONSTANT(BS0), CONSTANT(BS1)};
constexpr Constant vertical_delays[] = {CONSTANT(VT0), CONSTANT(VT1)};
constexpr Constant formfeed_delays[] = {CONSTANT(FF0), CONSTANT(FF1)};
constexpr Constant character_sizes[] = {CONSTANT(CS5), CONSTANT(CS6), CONSTANT(CS7), CONSTANT(CS8)};
constexpr Constant cc_names[] = {
    CONSTANT(VINTR),  CONSTANT(VQUIT), CONSTANT(VERASE),   CONSTANT(VKILL),    CONSTANT(VEOF),
    CONSTANT(VTIME),  CONSTANT(VMIN),  CONSTANT(VSWTC),    CONSTANT(VSTART),   CONSTANT(VSTOP),
    CONSTANT(VSUSP),  CONSTANT(VEOL),  CONSTANT(VREPRINT), CONSTANT(VDISCARD), CONSTANT(VWERASE),
    CONSTANT(VLNEXT), CONSTANT(VEOL2),
};
constexpr Constant line_names[] = {
    CONSTANT(N_TTY),          CONSTANT(N_SLIP),    CONSTANT(N_MOUSE),        CONSTANT(N_PPP),
    CONSTANT(N_STRIP),        CONSTANT(N_AX25),    CONSTANT(N_X25),          CONSTANT(N_6PACK),
    CONSTANT(N_MASC),         CONSTANT(N_R3964),   CONSTANT(N_PROFIBUS_FDL), CONSTANT(N_IRDA),
    CONSTANT(N_SMSBLOCK),     CONSTANT(N_HDLC),    CONSTANT(N_SYNC_PPP),     CONSTANT(N_HCI),
    CONSTANT(N_GIGASET_M101), CONSTANT(N_SLCAN),   CONSTANT(N_PPS),          CONSTANT(N_V253),
    CONSTANT(N_CAIF),         CONSTANT(N_GSM0710), CONSTANT(N_TI_WL),        CONSTANT(N_TRACESINK),
    CONSTANT(N_TRACEROUTER),  CONSTANT(N_NCI),     CONSTANT(N_SPEAKUP),      CONSTANT(N_NULL),
};
#undef CONSTANT

// A number inside a word of flags: its bits and their names.
struct Part {
  std::uint32_t mask;
  std::span<const Constant> names;
};
constexpr Part oflag_parts[] = {{NLDLY, newline_delays},  {CRDLY, return_delays},
                                {TABDLY, tab_delays},     {BSDLY, backspace_delays},
                                {VTDLY, vertical_delays}, {FFDLY, formfeed_delays}};

// The pieces of a word, joined with | and each under -X by itself.
class Pieces {
 public:
  explicit Pieces(const Value& value) : value_(value) {}

  void add(std::string_view name, std::uint64_t number) {
    separate();
    if (abbreviates()) {
      text_ += name;
    } else {
      print_symbol(value_, name, number);
    }
  }
  // "B9600<<IBSHIFT": a piece that stands shifted.
  void shift(std::string_view name, std::uint64_t count) {
    if (abbreviates()) {
      text_ += fmt::format("<<{}", name);
    } else {
      value_.out.verbatim("<<");
      print_symbol(value_, name, count);
    }
  }
  void add_unnamed(std::uint64_t number) {
    separate();
    if (abbreviates()) {
      text_ += fmt::format("{:#x}", number);
    } else {
      value_.out.hex(number);
    }
  }
  // Flags may be none: what is joined is then nothing.
  void add_flags(std::span<const Constant> names, std::uint32_t flags) {
    const std::string text = flags_text(names, flags);
    if (flags == 0) {
      separate();
    } else if (text.empty()) {
      add_unnamed(flags);
    } else {
      add(text, flags);
    }
  }
  void finish(std::uint64_t whole) {
    if (abbreviates()) value_.out.symbol(text_, whole);
  }

 private:
  bool abbreviates() const { return value_.style.xlat == Xlat::abbrev; }
  void separate() {
    if (std::exchange(started_, true)) {
      abbreviates() ? void(text_ += '|') : value_.out.verbatim("|");
    }
  }

  const Value& value_;
  std::string text_;
  bool started_ = false;
};

void add_number(Pieces& pieces, std::span<const Constant> names, std::uint32_t number) {
  const auto found = std::ranges::find(names, number, &Constant::value);
  if (found == names.end()) return pieces.add_unnamed(number);
  pieces.add(found->name, number);
}

void print_simple(const Value& value, std::span<const Constant> names, std::uint32_t flags) {
  Pieces pieces(value);
  pieces.add_flags(names, flags);
  pieces.finish(flags);
}

void print_oflag(const Value& value, std::uint32_t flags) {
  Pieces pieces(value);
  std::uint32_t rest = flags;
  for (const auto& [mask, names] : oflag_parts) {
    add_number(pieces, names, flags & mask);
    rest &= ~mask;
  }
  pieces.add_flags(oflag_names, rest);
  pieces.finish(flags);
}

void print_cflag(const Value& value, std::uint32_t flags) {
  Pieces pieces(value);
  add_number(pieces, baud_names, flags & CBAUD);
  if (const std::uint32_t input = (flags & CIBAUD) >> IBSHIFT; input != 0) {
    add_number(pieces, baud_names, input);
    pieces.shift("IBSHIFT", IBSHIFT);
  }
  add_number(pieces, character_sizes, flags & CSIZE);
  pieces.add_flags(cflag_names, flags & ~std::uint32_t{CBAUD | CIBAUD | CSIZE});
  pieces.finish(flags);
}

void print_control_characters(const Value& value, Bytes characters) {
  value.out.begin_array();
  for (std::size_t i = 0; i < characters.size(); ++i) {
    value.out.element();
    const auto found = std::ranges::find(cc_names, i, &Constant::value);
    const fmt::format_int number(i);
    value.out.index(found != std::end(cc_names) ? found->name
                                                : std::string_view(number.data(), number.size()));
    value.out.hex(static_cast<std::uint64_t>(characters[i]));
  }
  value.out.end_array();
}

}  // namespace

void print_termios(const Value& value, const TermiosLayout& layout) {
  const Address address{as_word(value, value.raw)};
  std::array<std::byte, 64> buffer;
  const auto bytes = std::span(buffer).first(layout.size);
  if (address.value == 0 || value.read(address, bytes) != bytes.size())
    return value.out.address(address.value);
  const auto flags = [&](unsigned i) {
    return static_cast<std::uint32_t>(
        unsigned_at(bytes, std::size_t{i} * layout.flag_bytes, layout.flag_bytes));
  };
  auto& out = value.out;
  out.begin_struct();
  out.field("c_iflag");
  print_simple(value, iflag_names, flags(0));
  out.field("c_oflag");
  print_oflag(value, flags(1));
  out.field("c_cflag");
  print_cflag(value, flags(2));
  out.field("c_lflag");
  print_simple(value, lflag_names, flags(3));
  if (!value.style.verbose) {
    out.more();
    return out.end_struct();
  }
  const std::size_t line = std::size_t{4} * layout.flag_bytes;
  out.field("c_line");
  print_constant(value, std::span<const Constant>(line_names), unsigned_at(bytes, line, 1), "N_???");
  out.field("c_cc");
  print_control_characters(value, bytes.subspan(line + 1, layout.characters));
  if (layout.speeds != 0) {
    out.field("c_ispeed");
    out.unsigned_integer(unsigned_at(bytes, layout.speeds, 4));
    out.field("c_ospeed");
    out.unsigned_integer(unsigned_at(bytes, layout.speeds + 4u, 4));
  }
  out.end_struct();
}

}  // namespace sonde::decode

// Numbers by the names that the constant sets have for them.
#include <algorithm>
#include <bit>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "decode/print.hpp"

namespace sonde::decode {

namespace {

using syscall::Constant;
using syscall::ConstantSet;
using syscall::Part;
using syscall::PartKind;

// Sets whose parts strace prints one by one when it shows numbers: 0x1 /* SOCK_STREAM */|0x800 /*
// SOCK_NONBLOCK */.
bool prints_apart(const ConstantSet& set) {
  constexpr std::string_view names[] = {"fanotify_init_flags", "mount_flags", "socket_type", "statx_flags",
                                        "swap_flags"};
  return std::ranges::find(names, set.name) != std::end(names);
}

std::string hex_text(std::uint64_t number) { return number == 0 ? "0" : fmt::format("{:#x}", number); }

const Constant* find_value(std::span<const Constant> sorted, std::uint64_t value) {
  const auto found = std::ranges::lower_bound(sorted, value, {}, &Constant::value);
  return found != sorted.end() && found->value == value ? &*found : nullptr;
}

// What one part of a set makes of a number.
struct Piece {
  std::string text = {};  // Empty when it shows nothing.
  std::uint64_t number = 0;
  Base base = Base::hex;
  bool named = true;             // Else the text is the number itself ...
  std::string_view remark = {};  // ... and this is what is said of it, if anything.
  std::uint64_t left = 0;        // Bits of the part that it leaves to the others.
};

Piece choice_piece(const Part& part, std::uint64_t number, bool alone) {
  const std::uint64_t value = number & part.mask;
  Piece piece;
  piece.number = value;
  if (const Constant* constant = find_value(part.values, value)) {
    piece.text = !part.name_in_comment ? std::string(constant->name)
                 : part.in_decimal     ? fmt::format("{}", value)
                                       : hex_text(value);
    piece.named = !part.name_in_comment;
    if (part.name_in_comment) piece.remark = constant->name;
  } else if (part.lenient) {
    piece.left = value;
  } else if (value != 0 || alone) {
    piece.text = part.in_decimal ? fmt::format("{}", static_cast<std::int32_t>(value)) : hex_text(value);
    piece.named = false;
    piece.remark = part.unknown;
  }
  if (part.in_decimal) {
    piece.base = Base::decimal;
    piece.number = static_cast<std::uint64_t>(static_cast<std::int32_t>(value));
  }
  return piece;
}

Piece bits_piece(std::string_view unknown, std::span<const Constant> names, std::uint64_t bits) {
  Piece piece;
  piece.number = bits;
  const auto add = [&piece](std::string_view name) {
    if (!piece.text.empty()) piece.text += '|';
    piece.text += name;
  };
  for (const auto& [name, value] : names) {
    if (value == 0 || (bits & value) != value) continue;
    add(name);
    bits &= ~value;
  }
  if (bits == 0) return piece;
  piece.named = !piece.text.empty();
  if (!piece.named) piece.remark = unknown;
  add(hex_text(bits));
  return piece;
}

Piece shifted_piece(const Part& part, std::uint64_t number) {
  const std::uint64_t value = (number & part.mask) >> std::countr_zero(part.mask);
  Piece piece;
  piece.number = number & part.mask;
  if (value != 0) piece.text = fmt::format("{}<<{}", value, part.unknown);
  return piece;
}

// A number that is shown as such: "0x2<<12" where `unknown` tells how far it is shifted.
Piece hex_piece(const Part& part, std::uint64_t number) {
  Piece piece;
  piece.number = number & part.mask;
  piece.text = hex_text(piece.number >> std::countr_zero(part.mask));
  if (!part.unknown.empty()) piece.text += fmt::format("<<{}", part.unknown);
  return piece;
}

Piece number_piece(const Part& part, std::uint64_t number) {
  const bool octal = part.kind == PartKind::octal;
  Piece piece;
  piece.number = number & part.mask;
  piece.text = octal ? fmt::format("0{:02o}", piece.number) : fmt::format("{}", piece.number);
  piece.base = octal ? Base::octal : Base::unsigned_decimal;
  piece.named = false;
  return piece;
}

std::vector<Piece> pieces_of(const ConstantSet& set, std::uint64_t number) {
  std::vector<Piece> pieces;
  std::uint64_t left = 0;
  for (const Part& part : set.parts) {
    Piece piece;
    switch (part.kind) {
      case PartKind::choice:
        piece = choice_piece(part, number, set.parts.size() == 1);
        break;
      case PartKind::bits:
        piece = bits_piece(part.unknown, part.values, (number & part.mask) | left);
        break;
      case PartKind::shifted:
        piece = shifted_piece(part, number);
        break;
      case PartKind::hex:
        piece = hex_piece(part, number);
        break;
      case PartKind::octal:
      case PartKind::decimal:
        piece = number_piece(part, number);
        break;
    }
    left |= piece.left;
    if (!piece.text.empty()) pieces.push_back(std::move(piece));
  }
  return pieces;
}

// The name of 0, where flags have one: PROT_NONE, F_OK.
std::string_view zero_name(const ConstantSet& set) {
  for (const Part& part : set.parts) {
    if (part.kind != PartKind::bits) continue;
    const auto zero = std::ranges::find(part.values, 0u, &Constant::value);
    if (zero != part.values.end()) return zero->name;
  }
  return {};
}

void print_piece(const Value& value, const Piece& piece) {
  if (!piece.named) return print_unknown(value, piece.remark, piece.number, piece.base);
  print_symbol(value, piece.text, piece.number, piece.base);
}

void print_apart(const Value& value, std::span<const Piece> pieces) {
  std::string_view separator;
  for (const Piece& piece : pieces) {
    if (!separator.empty()) value.out.verbatim(separator);
    print_piece(value, piece);
    separator = "|";
  }
}

std::string joined(std::span<const Piece> pieces) {
  std::string text;
  for (const Piece& piece : pieces) {
    if (!text.empty()) text += '|';
    text += piece.text;
    if (!piece.remark.empty()) text += fmt::format(" /* {} */", piece.remark);
  }
  return text;
}

}  // namespace

void print_number(const Value& value, std::uint64_t number, Base base) {
  switch (base) {
    case Base::hex:
      return value.out.hex(number);
    case Base::decimal:
      return value.out.integer(static_cast<std::int64_t>(number));
    case Base::unsigned_decimal:
      return value.out.unsigned_integer(number);
    case Base::octal:
      return value.out.octal(number);
  }
}

void print_symbol(const Value& value, std::string_view text, std::uint64_t number, Base base) {
  if (value.style.xlat == Xlat::abbrev) return value.out.symbol(text, number);
  print_number(value, number, base);
  if (value.style.xlat == Xlat::verbose) value.out.comment(text);
}

void print_unknown(const Value& value, std::string_view unknown, std::uint64_t number, Base base) {
  print_number(value, number, base);
  if (value.style.xlat != Xlat::raw && !unknown.empty()) value.out.comment(unknown);
}

void print_from(const Value& value, const ConstantSet& set, std::uint64_t number) {
  number &= set.bits == 64 ? UINT64_MAX : UINT32_MAX;
  if (const Constant* whole = find_value(set.wholes, number)) return print_symbol(value, whole->name, number);
  const auto pieces = pieces_of(set, number);
  if (pieces.empty()) {
    const std::string_view zero = zero_name(set);
    return zero.empty() ? value.out.hex(number) : print_symbol(value, zero, number);
  }
  if (pieces.size() == 1) return print_piece(value, pieces.front());
  if (value.style.xlat != Xlat::abbrev && prints_apart(set)) return print_apart(value, pieces);
  print_symbol(value, joined(pieces), number);
}

std::string set_text(const ConstantSet& set, std::uint64_t number) {
  const std::string text = joined(pieces_of(set, number));
  return text.empty() ? std::string(zero_name(set)) : text;
}

std::string flags_text(std::span<const Constant> names, std::uint64_t flags, std::string_view prefix) {
  const Piece piece = bits_piece({}, names, flags);
  std::string text(prefix);
  if (!piece.named && prefix.empty()) return text;
  if (!text.empty() && !piece.text.empty()) text += '|';
  return text + piece.text;
}

void print_constant(const Value& value, std::span<const Constant> names, std::uint64_t number,
                    std::string_view unknown, Base base) {
  const auto found = std::ranges::find(names, number, &Constant::value);
  if (found == names.end()) return print_unknown(value, unknown, number, base);
  print_symbol(value, found->name, number, base);
}

std::string_view unknown_of(const ConstantSet& set) {
  const PartKind main = set.flags ? PartKind::bits : PartKind::choice;
  const auto part = std::ranges::find(set.parts, main, &Part::kind);
  return part == set.parts.end() ? std::string_view() : part->unknown;
}

void print_from(const Value& value, syscall::Kind kind, std::uint64_t number) {
  const auto* set = syscall::constants_of(kind);
  set == nullptr ? value.out.hex(number) : print_from(value, *set, number);
}

}  // namespace sonde::decode

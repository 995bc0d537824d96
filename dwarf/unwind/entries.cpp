#include "unwind/entries.hpp"

#include <string_view>

#include "unwind/constants.hpp"

namespace sonde::unwind {

namespace {

constexpr std::uint8_t address_bytes = 8;
constexpr std::uint32_t length_is_64_bit = 0xffffffff;  // DWARF 5, section 7.4.
constexpr std::uint32_t lengths_reserved = 0xfffffff0;

// What an augmentation string says, with its data where that has been read.
bool read_augmentation(std::string_view letters, Reader& body, const Entries& entries, Cie& cie) {
  if (letters.empty()) return true;
  if (letters.front() != 'z') return false;  // Without a length, what is unknown cannot be skipped.
  cie.has_augmentation_data = true;
  Reader data(body.bytes(body.uleb()));
  for (const char letter : letters.substr(1)) {
    switch (letter) {
      case 'R':
        cie.pointer_encoding = data.u8();
        break;
      case 'P': {
        // The personality routine: of no interest, but in the way of what comes after it.
        const std::uint8_t encoding = data.u8();
        if ((encoding & dw_eh_pe_relation) == dw_eh_pe_aligned) return false;
        entries.pointer(data, encoding);
        break;
      }
      case 'L':
        data.u8();
        break;
      case 'S':
        cie.signal_frame = true;
        break;
      case 'B':  // Return addresses signed with another key: AArch64's alone.
        break;
      default:
        return data.ok();  // Newer than this: the length takes us over the rest.
    }
  }
  return data.ok();
}

}  // namespace

Entries::Entries(const CfiSection& section) : section_(section) {
  for (std::size_t offset = 0; const auto header = next(offset);) {
    if (!header->is_cie) continue;
    if (const auto cie = read_cie(header->body)) {
      cie_at_.emplace(header->offset, static_cast<std::uint32_t>(cies_.size()));
      cies_.push_back(*cie);
    } else {
      ++malformed_cies_;
    }
  }
}

std::size_t Entries::each_fde(const std::function<void(const Fde&)>& take) const {
  std::size_t lost = malformed_cies_;
  for (std::size_t offset = 0; const auto header = next(offset);) {
    if (header->is_cie) continue;
    if (const auto fde = read_fde(*header)) {
      take(*fde);
    } else {
      ++lost;
    }
  }
  return lost;
}

// The entry at `offset`, which moves behind it; empty at the end, or where the section makes no sense any
// more.
std::optional<Entries::Header> Entries::next(std::size_t& offset) const {
  for (;;) {
    Reader at(section_.bytes.subspan(offset));
    std::uint64_t length = at.u32();
    bool wide = false;
    if (length == length_is_64_bit) {
      length = at.u64();
      wide = true;
    } else if (length >= lengths_reserved) {
      return std::nullopt;
    }
    const std::size_t begin = offset;
    const std::size_t id_offset = offset + at.position();
    Reader body(at.bytes(length));
    if (!at.ok()) return std::nullopt;
    offset += at.position();
    // A length of 0 ends the section of one object file; where they were linked, others may follow.
    if (length == 0) continue;
    // The id of .eh_frame has 4 bytes whatever the length has (LSB), and counts backwards from itself.
    const std::uint64_t id = wide && !is_eh() ? body.u64() : body.u32();
    if (!body.ok()) continue;
    const std::uint64_t cie_id = is_eh() ? 0 : wide ? ~std::uint64_t{0} : 0xffffffff;
    return Header{begin, id == cie_id, is_eh() ? id_offset - id : id, body};
  }
}

std::optional<Cie> Entries::read_cie(Reader body) const {
  Cie cie;
  const std::uint8_t version = body.u8();
  if (version != 1 && version != 3 && version != 4) return std::nullopt;
  std::string_view augmentation = body.text();
  if (augmentation.starts_with("eh")) {  // GCC 2's, with a pointer to its own tables.
    body.u64();
    augmentation.remove_prefix(2);
  }
  if (version == 4) {
    const std::uint8_t address_size = body.u8();
    const std::uint8_t segment_size = body.u8();
    if (address_size != address_bytes || segment_size != 0) return std::nullopt;
  }
  cie.code_alignment = body.uleb();
  cie.data_alignment = body.sleb();
  cie.return_column = version == 1 ? body.u8() : body.uleb();
  if (!read_augmentation(augmentation, body, *this, cie) || !body.ok()) return std::nullopt;
  cie.instructions = body.bytes(body.left());
  return cie;
}

std::optional<Fde> Entries::read_fde(const Header& header) const {
  const auto found = cie_at_.find(header.cie_offset);
  if (found == cie_at_.end()) return std::nullopt;
  const Cie& cie = cies_[found->second];
  Reader body = header.body;
  Fde fde;
  fde.cie = found->second;
  const auto begin = pointer(body, cie.pointer_encoding);
  // A length has the format of an address, and is relative to nothing.
  const auto size = pointer(body, cie.pointer_encoding & dw_eh_pe_format);
  if (!begin || !size || *size == 0 || *begin + *size < *begin) return std::nullopt;
  fde.begin = *begin;
  fde.end = *begin + *size;
  if (cie.has_augmentation_data) body.skip(body.uleb());  // Where the language keeps its own data.
  if (!body.ok()) return std::nullopt;
  fde.instructions = body.bytes(body.left());
  return fde;
}

std::uint64_t Entries::address_of(const Reader& at) const {
  return section_.address + static_cast<std::uint64_t>(at.place() - section_.bytes.data());
}

std::optional<std::uint64_t> Entries::pointer(Reader& at, std::uint8_t encoding) const {
  if (encoding == dw_eh_pe_omit) return std::nullopt;
  const std::uint64_t here = address_of(at);
  std::uint64_t value = 0;
  switch (encoding & dw_eh_pe_format) {
    case dw_eh_pe_absptr:
    case dw_eh_pe_signed:
    case dw_eh_pe_udata8:
    case dw_eh_pe_sdata8:
      value = at.u64();
      break;
    case dw_eh_pe_uleb128:
      value = at.uleb();
      break;
    case dw_eh_pe_sleb128:
      value = static_cast<std::uint64_t>(at.sleb());
      break;
    case dw_eh_pe_udata2:
      value = at.u16();
      break;
    case dw_eh_pe_sdata2:
      value = static_cast<std::uint64_t>(std::int64_t{at.number<std::int16_t>()});
      break;
    case dw_eh_pe_udata4:
      value = at.u32();
      break;
    case dw_eh_pe_sdata4:
      value = static_cast<std::uint64_t>(std::int64_t{at.number<std::int32_t>()});
      break;
    default:
      return std::nullopt;
  }
  if (!at.ok() || (encoding & dw_eh_pe_indirect) != 0) return std::nullopt;
  switch (encoding & dw_eh_pe_relation) {
    case 0:
      return value;
    case dw_eh_pe_pcrel:
      return value + here;
    case dw_eh_pe_textrel:
      return section_.text_base ? std::optional(value + *section_.text_base) : std::nullopt;
    case dw_eh_pe_datarel:
      return section_.data_base ? std::optional(value + *section_.data_base) : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace sonde::unwind

// The entries of a section with call frame information: CIEs (what many functions share) and FDEs (one range
// of code each).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <unordered_map>
#include <vector>

#include "sonde/unwind/build.hpp"
#include "unwind/reader.hpp"

namespace sonde::unwind {

// A common information entry.
struct Cie {
  std::uint64_t code_alignment = 1;
  std::int64_t data_alignment = 1;
  std::uint64_t return_column = 0;
  std::uint8_t pointer_encoding = 0;  // Of the addresses in its FDEs.
  bool has_augmentation_data = false;
  bool signal_frame = false;
  Bytes instructions;
};

// A frame description entry. Addresses as the file has them; not empty, and it does not wrap around.
struct Fde {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::uint32_t cie = 0;  // The index among the section's CIEs.
  Bytes instructions;
};

// Reads a section in two rounds: first the CIEs, so that each is read once however many FDEs share it, and
// only where an entry begins; then the FDEs. Keeps no copy of the section's bytes.
class Entries {
 public:
  explicit Entries(const CfiSection& section);

  const std::vector<Cie>& cies() const { return cies_; }

  // Calls `take` for each FDE in the order of the section. Returns how many entries were malformed or of no
  // use.
  std::size_t each_fde(const std::function<void(const Fde&)>& take) const;

  // An address in the encoding of .eh_frame at the reader's place, as the section lies in memory; empty when
  // it is omitted, malformed, or needs what is not known here (another base, or memory of the process).
  std::optional<std::uint64_t> pointer(Reader& at, std::uint8_t encoding) const;

 private:
  struct Header {
    std::size_t offset;  // Of the entry in the section.
    bool is_cie;
    std::uint64_t cie_offset;  // An FDE's: where its CIE begins in the section.
    Reader body;               // What comes after the id, up to the entry's end.
  };

  std::optional<Header> next(std::size_t& offset) const;
  std::optional<Cie> read_cie(Reader body) const;
  std::optional<Fde> read_fde(const Header& header) const;
  bool is_eh() const { return section_.format == CfiSection::Format::eh_frame; }
  // Where the reader's next byte lies in memory.
  std::uint64_t address_of(const Reader& at) const;

  CfiSection section_;
  std::vector<Cie> cies_;
  std::unordered_map<std::uint64_t, std::uint32_t> cie_at_;
  std::size_t malformed_cies_ = 0;
};

}  // namespace sonde::unwind

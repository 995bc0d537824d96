// capstone, loaded when it is first needed: instructions one by one.
#pragma once

#include <capstone/capstone.h>
#include <memory>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"

namespace sonde::arch {

class Decoder {
 public:
  // For 64-bit code, or else 32-bit code. Fails when capstone cannot be set up.
  static Result<Decoder> make(bool is_64_bit);
  Decoder(Decoder&& other) noexcept;
  Decoder& operator=(Decoder&&) = delete;
  ~Decoder();

  // The instruction at the start of `code`, with its details, until the next call; null when there is none.
  const cs_insn* decode(Bytes code, std::uint64_t address) const;

 private:
  Decoder() = default;

  csh capstone_ = 0;
  cs_insn* instruction_ = nullptr;
};

}  // namespace sonde::arch

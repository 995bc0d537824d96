// Instructions of x86-64 as probes need them: where they lead, and how to run one elsewhere than where it
// stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "sonde/base/result.hpp"
#include "sonde/base/types.hpp"

namespace sonde::arch {

enum class Flow : std::uint8_t {
  onward,         // To the instruction behind it. Calls count: they come back.
  branch,         // To `target` or behind it.
  jump,           // To `target`.
  jump_anywhere,  // To where a register or memory says.
  ret,
  trap,  // Nowhere: ud2, hlt, int3.
};

struct CodeInstruction {
  std::uint32_t size;  // Bytes.
  Flow flow;
  std::uint64_t target;  // Of a branch or jump.
  bool is_call;
  std::uint64_t
      pointer;  // Of a jump_anywhere: where the address stands that it jumps to; 0 where registers say that.
};

// An instruction that has been made to run at another place.
struct MovedInstruction {
  std::vector<std::byte> code;  // It, and the jump to where it would have gone on.
  // How many bytes of `code` it has itself: a pc at its start has not run it, one at this offset has. 0 where
  // it leads elsewhere by itself.
  std::uint32_t executed_at;
};

inline constexpr std::size_t moved_instruction_bytes = 24;  // No MovedInstruction has more.

class Code {
 public:
  // Fails when capstone cannot be set up.
  static Result<Code> make();
  Code(Code&&) noexcept;
  Code& operator=(Code&&) noexcept;
  ~Code();

  // The first instruction of `code`, which stands at `address`. Empty when it is none.
  std::optional<CodeInstruction> decode(Bytes code, std::uint64_t address) const;

  // The first instruction of `code`, which stands at `from`, made to have the same effect at `to`: relative
  // operands and targets are changed. Empty where that cannot be: `to` is more than 2 GiB away from what it
  // refers to; calls and loops, which nothing begins with that is worth a probe; and what is no instruction.
  std::optional<MovedInstruction> move(Bytes code, std::uint64_t from, std::uint64_t to) const;

 private:
  struct Handle;
  explicit Code(std::unique_ptr<Handle> handle);
  std::unique_ptr<Handle> handle_;
};

}  // namespace sonde::arch

#include "arch/decoder.hpp"

#include <dlfcn.h>
#include <string>
#include <type_traits>
#include <utility>

namespace sonde::arch {

namespace {

constexpr const char* library = "libcapstone.so.4";
static_assert(CS_API_MAJOR == 4);

// The functions of capstone, loaded with the first decoder and kept.
struct Capstone {
  decltype(&cs_open) open = nullptr;
  decltype(&cs_close) close = nullptr;
  decltype(&cs_option) option = nullptr;
  decltype(&cs_malloc) malloc = nullptr;
  decltype(&cs_free) free = nullptr;
  decltype(&cs_disasm_iter) disasm_iter = nullptr;
  decltype(&cs_strerror) strerror = nullptr;

  Capstone();
  bool loaded() const { return open && close && option && malloc && free && disasm_iter && strerror; }
};

Capstone::Capstone() {
  void* const handle = ::dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
  };
  find(open, "cs_open");
  find(close, "cs_close");
  find(option, "cs_option");
  find(malloc, "cs_malloc");
  find(free, "cs_free");
  find(disasm_iter, "cs_disasm_iter");
  find(strerror, "cs_strerror");
}

const Capstone& api() {
  static const Capstone loaded;
  return loaded;
}

}  // namespace

Result<Decoder> Decoder::make(bool is_64_bit) {
  if (!api().loaded())
    return fail(ErrorCode::unsupported, std::string(library) + " cannot be loaded; is it installed?");
  Decoder decoder;
  const cs_err error = api().open(CS_ARCH_X86, is_64_bit ? CS_MODE_64 : CS_MODE_32, &decoder.capstone_);
  if (error != CS_ERR_OK)
    return fail(ErrorCode::unsupported, std::string("capstone: ") + api().strerror(error));
  api().option(decoder.capstone_, CS_OPT_DETAIL, CS_OPT_ON);
  decoder.instruction_ = api().malloc(decoder.capstone_);
  if (decoder.instruction_ == nullptr) return fail(ErrorCode::unsupported, "capstone: no memory");
  return decoder;
}

Decoder::Decoder(Decoder&& other) noexcept
    : capstone_(std::exchange(other.capstone_, 0)),
      instruction_(std::exchange(other.instruction_, nullptr)) {}

Decoder::~Decoder() {
  if (instruction_ != nullptr) api().free(instruction_, 1);
  if (capstone_ != 0) api().close(&capstone_);
}

const cs_insn* Decoder::decode(Bytes code, std::uint64_t address) const {
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(code.data());
  std::size_t size = code.size();
  const bool decoded = size != 0 && api().disasm_iter(capstone_, &bytes, &size, &address, instruction_);
  return decoded ? instruction_ : nullptr;
}

}  // namespace sonde::arch

#include "decompress.hpp"

#include <algorithm>
#include <libdeflate.h>
#include <lzma.h>
#include <memory>

#include <zstd.h>

#include "sonde/base/limits.hpp"

namespace sonde::elf {

bool decompress_zlib(Bytes from, std::span<std::byte> into) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&::libdeflate_free_decompressor)> decompressor(
      ::libdeflate_alloc_decompressor(), ::libdeflate_free_decompressor);
  // Without a place for the size, less than all of `into` is a failure.
  return decompressor &&
         ::libdeflate_zlib_decompress(decompressor.get(), from.data(), from.size(), into.data(), into.size(),
                                      nullptr) == LIBDEFLATE_SUCCESS;
}

bool decompress_zstd(Bytes from, std::span<std::byte> into) {
  return ::ZSTD_decompress(into.data(), into.size(), from.data(), from.size()) == into.size();
}

std::optional<std::vector<std::byte>> decompress_xz(Bytes from) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (::lzma_stream_decoder(&stream, limits::xz_memory_bytes, 0) != LZMA_OK) return std::nullopt;
  stream.next_in = reinterpret_cast<const std::uint8_t*>(from.data());
  stream.avail_in = from.size();

  std::vector<std::byte> into(std::clamp<std::size_t>(from.size() * 4, 4096, limits::mini_debug_info_bytes));
  std::size_t written = 0;
  lzma_ret status = LZMA_OK;
  while (status == LZMA_OK) {
    if (written == into.size()) {
      if (into.size() >= limits::mini_debug_info_bytes) break;
      into.resize(std::min(into.size() * 2, limits::mini_debug_info_bytes));
    }
    stream.next_out = reinterpret_cast<std::uint8_t*>(into.data()) + written;
    stream.avail_out = into.size() - written;
    status = ::lzma_code(&stream, LZMA_FINISH);
    written = into.size() - stream.avail_out;
  }
  ::lzma_end(&stream);
  if (status != LZMA_STREAM_END) return std::nullopt;
  into.resize(written);
  return into;
}

}  // namespace sonde::elf

#include "sonde/event/ring.hpp"

#include <cstring>
#include <thread>

#include <doctest/doctest.h>

using sonde::event::Ring;

TEST_CASE("what is committed is readable, in order and contiguous across the end") {
  auto ring = Ring::create(4096);
  REQUIRE(ring);
  // 24 does not divide 4096, so frames come to lie across the end of the buffer.
  for (std::uint64_t i = 0; i < 1000; ++i) {
    std::byte* place = ring->reserve(24);
    REQUIRE(place != nullptr);
    std::memset(place, static_cast<int>(i & 0xff), 24);
    ring->commit(24);
    const auto bytes = ring->readable();
    REQUIRE(bytes.size() == 24);
    CHECK(bytes[0] == static_cast<std::byte>(i & 0xff));
    CHECK(bytes[23] == static_cast<std::byte>(i & 0xff));
    ring->release(24);
  }
}

TEST_CASE("a full ring gives no room until the consumer releases") {
  auto ring = Ring::create(4096);
  REQUIRE(ring);
  REQUIRE(ring->reserve(4096) != nullptr);
  ring->commit(4096);
  CHECK(ring->reserve(8) == nullptr);
  ring->release(8);
  CHECK(ring->reserve(8) != nullptr);
  CHECK(ring->reserve(16) == nullptr);
  CHECK(ring->reserve(8192) == nullptr);
}

TEST_CASE("two threads pass a million words without losing one") {
  auto ring = Ring::create(1 << 16);
  REQUIRE(ring);
  constexpr std::uint64_t count = 1'000'000;
  std::thread producer([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      std::byte* place;
      while ((place = ring->reserve(8)) == nullptr) ring->wait_for_room();
      std::memcpy(place, &i, 8);
      ring->commit(8);
    }
    ring->close();
  });
  std::uint64_t expected = 0;
  bool in_order = true;
  while (true) {
    const bool last_look = ring->closed();
    const auto bytes = ring->readable();
    for (std::size_t at = 0; at < bytes.size(); at += 8) {
      std::uint64_t value;
      std::memcpy(&value, bytes.data() + at, 8);
      in_order = in_order && value == expected++;
    }
    if (bytes.empty()) {
      if (last_look) break;
      ring->wait_for_frames(1000);
    } else {
      ring->release(bytes.size());
    }
  }
  producer.join();
  CHECK(in_order);
  CHECK(expected == count);
}

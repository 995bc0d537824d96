#include "sonde/record/control.hpp"

#include <poll.h>

#include <doctest/doctest.h>

#include <string>

using sonde::record::ControlKind;
using sonde::record::ControlMessage;
using sonde::record::ControlSignal;
using sonde::record::ControlSocket;
using State = ControlSocket::State;

TEST_CASE("messages arrive whole and in order, both ways") {
  auto ends = ControlSocket::pair();
  REQUIRE(ends);
  auto& [left, right] = *ends;
  ControlMessage message;
  CHECK(right.receive(message) == State::empty);
  left.send(ControlKind::refused, 42, "why");
  left.send(ControlKind::output_ended);
  REQUIRE(right.receive(message) == State::message);
  CHECK(message.kind == ControlKind::refused);
  CHECK(message.value == 42);
  CHECK(message.view() == "why");
  REQUIRE(right.receive(message) == State::message);
  CHECK(message.kind == ControlKind::output_ended);
  CHECK(message.view().empty());
  right.send(ControlKind::detach);
  REQUIRE(left.receive(message) == State::message);
  CHECK(message.kind == ControlKind::detach);
}

TEST_CASE("a text that is too long is cut") {
  auto ends = ControlSocket::pair();
  REQUIRE(ends);
  ends->first.send(ControlKind::refused, 1, std::string(5000, 'x'));
  ControlMessage message;
  REQUIRE(ends->second.receive(message) == State::message);
  CHECK(message.view() == std::string(message.text.size(), 'x'));
}

TEST_CASE("a size that cannot be is no text") {
  ControlMessage message{};
  message.text_size = 5000;
  CHECK(message.view().empty());
}

TEST_CASE("the end of the other side is seen after what it said") {
  auto ends = ControlSocket::pair();
  REQUIRE(ends);
  ends->first.send(ControlKind::refused, 1, "last words");
  ends->first.close();
  ControlMessage message;
  CHECK(ends->second.receive(message) == State::message);
  CHECK(ends->second.receive(message) == State::closed);
  ends->second.send(ControlKind::detach);  // To nobody: no signal, no failure.
}

TEST_CASE("sending never blocks") {
  auto ends = ControlSocket::pair();
  REQUIRE(ends);
  for (int i = 0; i < 10000; ++i) ends->first.send(ControlKind::refused, i, std::string(1000, 'x'));
  ControlMessage message;
  REQUIRE(ends->second.receive(message) == State::message);
  CHECK(message.value == 0);
}

TEST_CASE("a message interrupts a sleep, even when it came just before") {
  auto ends = ControlSocket::pair();
  REQUIRE(ends);
  const ControlSignal control(ends->second);
  CHECK_MESSAGE(ControlSignal::pending(), "what came before the signal was armed must be looked for");
  ControlSignal::acknowledge();
  CHECK_FALSE(ControlSignal::pending());
  ends->first.send(ControlKind::detach);
  CHECK(ControlSignal::pending());
  // The announcement is past; the repeated one ends this sleep.
  CHECK(::poll(nullptr, 0, 60'000) < 0);
  ControlSignal::acknowledge();
  ControlSignal::raise_soon();
  CHECK_FALSE(ControlSignal::pending());
  CHECK(::poll(nullptr, 0, 60'000) < 0);
  CHECK(ControlSignal::pending());
  ControlSignal::acknowledge();
}

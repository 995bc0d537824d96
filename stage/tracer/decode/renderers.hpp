// How renderers are written and found. A domain file (file_renderers.cpp, net_renderers.cpp ...) holds tables
// and returns them from a function that domains.def names; render() and its kin dispatch through arrays built
// once from them all. A kind in no table is printed from its constant set when it has one, else by its spec.
#pragma once

#include <span>
#include <string_view>

#include "sonde/decode/render.hpp"

namespace sonde::decode {

using Renderer = void (*)(const Value&);

struct Registration {
  syscall::Kind kind;
  Renderer renderer;
  // What the call fills in (Direction::out) is an address until the call has succeeded, which render() sees
  // to; `always` calls the renderer nevertheless.
  bool always = false;
};

// An argument that is left out when the others say that it means nothing: open()'s mode.
struct Optional {
  std::string_view call;
  unsigned argument;  // By its register.
  bool (*shown)(const Call&);
};

struct Domain {
  std::span<const Registration> renderers;
  std::span<const Optional> optionals = {};
};

#define DOMAIN(name) Domain name##_domain();
#include "decode/domains.def"
#undef DOMAIN

// All of them, in the order of domains.def. A kind or call that stands in two tables has what the later one
// says.
std::span<const Domain> domains();

}  // namespace sonde::decode

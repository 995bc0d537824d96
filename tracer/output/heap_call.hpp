// The calls of allocators, as the outputs tell them.
#pragma once

#include <string>
#include <string_view>

#include "sonde/analysis/heap_findings.hpp"
#include "sonde/event/event.hpp"
#include "sonde/output/stack_text.hpp"

namespace sonde::output {

// "malloc", "operator new[]"; the user's own name for a function that has no row. Untrusted text.
std::string_view function_text(const event::HeapCall& call);
// The same by the number alone.
std::string_view function_text(std::uint16_t function);

// "4096", "64, align=32", "0x5581c2a0, 64", "NULL, 64", "0x5581c2a0": of calloc and its like the product.
void append_heap_arguments(std::string& out, const event::HeapCall& call);

// "0x5581c2a0" or "NULL".
void append_pointer(std::string& out, std::uint64_t address);

// "parse_header (http.c:118)", "parse_header (server)", "?? (server)".
void append_site_text(std::string& out, const stacks::Site& site);

// "freed before" and the like.
std::string_view misuse_text(analysis::HeapMisuse misuse);

// The site of a stack of the event stream.
std::optional<stacks::Site> site_of(const StackSource& source, std::uint32_t stack, pid_t pid);

}  // namespace sonde::output

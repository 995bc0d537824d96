// The calls of allocators as filters see them: whole, and at their entries.
#include "sonde/allocator/functions.hpp"
#include "sonde/filter/event_fields.hpp"

namespace sonde::filter {

namespace {

using event::HeapOperation;

Integer unsigned64(std::uint64_t value) { return {value, 64, false}; }
Integer signed32(std::int64_t value) { return {static_cast<std::uint64_t>(value), 32, true}; }

EventKind kind_of(HeapOperation operation) {
  switch (operation) {
    case HeapOperation::allocate:
      return EventKind::alloc;
    case HeapOperation::release:
      return EventKind::free;
    case HeapOperation::give_up:
    case HeapOperation::reallocate:
      return EventKind::realloc;
  }
  return EventKind::alloc;
}

// As people write it, and as it is in a symbol table; of a function without a row the user's own name.
Values<std::string_view> function_names(std::uint16_t number, std::string_view own) {
  const auto function = static_cast<allocator::Function>(number);
  const allocator::FunctionRow* row = allocator::row_of(function);
  if (row == nullptr && own.empty()) return Values<std::string_view>::without(Presence::unreadable);
  if (row == nullptr) return Values<std::string_view>::of(own);
  auto names = Values<std::string_view>::of(allocator::name_of(function));
  if (names.items[0] != row->symbol) names.add(row->symbol);
  return names;
}

}  // namespace

HeapFields::HeapFields(const Origin& origin, const HeapView& heap)
    : OriginFields(origin, kind_of(heap.call.operation)), heap_(heap) {}

Values<Integer> HeapFields::integers(Field field) const {
  const event::HeapCall& call = heap_.call;
  switch (field) {
    case Field::alloc_size:
      if (call.operation == HeapOperation::release) return {};
      return Values<Integer>::of(unsigned64(call.size));
    case Field::alloc_address: {
      auto addresses = Values<Integer>::of(unsigned64(call.address));
      if (call.old_address != 0) addresses.add(unsigned64(call.old_address));
      return addresses;
    }
    case Field::alloc_age:
      return heap_.age ? Values<Integer>::of(unsigned64(*heap_.age)) : Values<Integer>{};
    default:
      return OriginFields::integers(field);
  }
}

Values<std::string_view> HeapFields::strings(Field field) const {
  if (field != Field::alloc_function) return OriginFields::strings(field);
  return function_names(heap_.call.function, heap_.call.snapshot.function());
}

Values<Integer> HeapEntryFields::integers(Field field) const {
  const auto pending = Values<Integer>::without(Presence::pending);
  const bool releases = entry_.operation == HeapOperation::release;
  switch (field) {
    case Field::pid:
      return entry_.any_such ? pending : Values<Integer>::of(signed32(entry_.task.pid));
    case Field::tid:
      return entry_.any_such ? pending : Values<Integer>::of(signed32(entry_.task.tid));
    case Field::alloc_size:
      if (releases) return {};
      return entry_.any_such ? pending : Values<Integer>::of(unsigned64(entry_.size));
    case Field::alloc_address:
      return entry_.any_such || !releases ? pending : Values<Integer>::of(unsigned64(entry_.address));
    case Field::alloc_age:
      return entry_.operation == HeapOperation::allocate ? Values<Integer>{} : pending;
    case Field::time:
    case Field::site_line:
      return pending;
    default:
      return {};
  }
}

Values<std::string_view> HeapEntryFields::strings(Field field) const {
  switch (field) {
    case Field::alloc_function:
      if (!entry_.any_such) return function_names(entry_.function, entry_.own_name);
      [[fallthrough]];
    case Field::comm:
    case Field::exe:
    case Field::site_function:
    case Field::site_file:
    case Field::site_module:
      return Values<std::string_view>::without(Presence::pending);
    default:
      return {};
  }
}

Bits HeapEntryFields::bits(Field field) const {
  if (field != Field::kind) return {};
  return {Presence::known, bit(kind_of(entry_.operation))};
}

}  // namespace sonde::filter

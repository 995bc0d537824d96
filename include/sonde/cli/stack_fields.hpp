// An event's stack as filters see it.
#pragma once

#include <optional>

#include "sonde/filter/event_fields.hpp"
#include "sonde/stacks/site.hpp"

namespace sonde::cli {

// A view of one stack, named when it is first asked about. Valid as long as the book is not changed; the
// namer may be asked by nobody else meanwhile.
class StackFields final : public filter::StackView {
 public:
  StackFields(const stacks::Stack& stack, pid_t pid, stacks::Namer& namer, const stacks::SkipFunction& skip)
      : stack_(stack), pid_(pid), namer_(namer), skip_(skip) {}

  Names site_function() const override;
  Names site_file() const override;
  Names site_module() const override;
  filter::Values<filter::Integer> site_line() const override;
  filter::Verdict has(filter::StackPart part, std::string_view name) const override;

 private:
  const stacks::Stack& stack_;
  pid_t pid_;
  stacks::Namer& namer_;
  const stacks::SkipFunction& skip_;
};

}  // namespace sonde::cli

#pragma once

#include <sluice/compile/kernel.h>

namespace sluice {

/// Copies the elements of a value to another of the same Spec; their row strides may differ.
void copy_value(std::byte* to, const Value& to_value, const std::byte* from, const Value& from_value);

/// Copies a value that is needed in two places, or dense by an op that reads dense memory.
class CopyKernel final : public Kernel {
 public:
  CopyKernel(std::size_t from, const Value& from_value, std::size_t to, const Value& to_value);
  void run(const Addresses& at) override;
  bool may_throw() const override { return false; }
  std::string name() const override { return "copy"; }
  std::string details() const override { return {}; }

 private:
  Value from_;
  Value to_;
};

}  // namespace sluice

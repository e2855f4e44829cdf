#pragma once

#include <sluice/nn/module.h>

#include <map>
#include <memory>
#include <string>
#include <typeindex>
#include <unordered_map>
#include <unordered_set>
#include <utility>

namespace sluice::nn::detail {

/// Gives a copy of a module Variables of its own, by two walks through members(): one through the original,
/// to know its Variables, and one through the copy, which Members tells each member to be replaced. Members
/// are passed as const, but those of a copy being made are not const objects, so they may be written.
/// Variables and parts that occur more than once (tied weights) are replaced by one and the same.
class Replacement : public sluice::detail::MemberVisitor {
 public:
  /// For copies of `original`, in errors of `who`, a literal. Floating-point Variables become `dtype` unless
  /// that is null. Throws Error in a function being traced, which cannot make Variables.
  Replacement(const char* who, const Module& original, const DType* dtype);

  /// Replaces all Variables of a copy, and what it holds by pointer. Throws Error if it has some in common
  /// with the original afterwards.
  void apply(const Module& copy);

  void variable(const std::string& path, const Variable& variable) override;
  bool replaces_parts() const override { return in_copy_; }
  std::shared_ptr<void> part(const std::string& path, const void* part, std::type_index type,
                             const std::function<std::shared_ptr<void>()>& copy) override;

 private:
  void walk(const Module& module, NamedVariables& found);
  [[noreturn]] void shared(const std::string& path) const;

  const char* who_;
  bool in_copy_ = false;                                 // which walk it is
  std::unordered_set<const Variable*> originals_;        // the objects of the original
  std::unordered_map<const void*, Variable> variables_;  // the new one for each slot
  std::unordered_set<const void*> made_;                 // the slots of the new ones
  std::map<std::pair<const void*, std::type_index>, std::shared_ptr<void>>
      parts_;  // the copy of each, and of a copy itself
};

}  // namespace sluice::nn::detail

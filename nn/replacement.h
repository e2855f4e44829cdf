#pragma once

#include <sluice/nn/module.h>

#include <string>
#include <unordered_map>
#include <unordered_set>

namespace sluice::nn::detail {

/// Gives a copy of a module Variables of its own, by two walks through members(): one through the original,
/// to know its Variables, and one through the copy, which Members tells each member to be replaced. Members
/// are passed as const, but those of a copy being made are not const objects, so they may be written.
/// Variables and parts that occur more than once (tied weights) are replaced by one and the same.
class Replacement {
 public:
  /// For copies of `original`, in errors of `who`, a literal. Floating-point Variables become `dtype` unless
  /// that is null. Throws Error in a function being traced, which cannot make Variables.
  Replacement(const char* who, const Module& original, const DType* dtype);

  /// Replaces all Variables of a copy, and what it holds by pointer. Throws Error if it has some in common
  /// with the original afterwards.
  void apply(const Module& copy);

  /// Whether members are those of the copy.
  bool in_copy() const { return in_copy_; }
  /// What Members calls for each Variable of either module, and for each part of the copy.
  void variable(const std::string& path, const Variable& variable);
  std::shared_ptr<Module> part(const std::string& path, const Module& module,
                               const std::function<std::shared_ptr<Module>()>& copy);

 private:
  void walk(const Module& module, NamedVariables& found);
  [[noreturn]] void shared(const std::string& path) const;

  const char* who_;
  bool in_copy_ = false;                                 // which walk it is
  std::unordered_set<const Variable*> originals_;        // the objects of the original
  std::unordered_map<const void*, Variable> variables_;  // the new one for each slot
  std::unordered_set<const void*> made_;                 // the slots of the new ones
  std::unordered_map<const Module*, std::shared_ptr<Module>>
      parts_;  // the copy of each, and of a copy itself
};

}  // namespace sluice::nn::detail

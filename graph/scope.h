#pragma once

#include <sluice/graph/trace.h>

#include <unordered_map>

namespace sluice::detail {

/// A function being traced, from construction to destruction. Scopes nest: the body of a scan is traced
/// inside the function that scans. The innermost one of this thread is what Variables report reads and writes
/// to; it ends with the C++ scope, so a failed trace leaves nothing behind.
class Scope {
 public:
  enum class Kind {
    function,  ///< may assign Variables, sees no writes of an enclosing trace
    body       ///< of a scan: may not assign, sees what the enclosing function assigned
  };

  explicit Scope(Kind kind);
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  static Scope* current();

  int level() const { return level_; }
  Tensor placeholder(const Spec& spec) const;
  /// The tensor last assigned to the slot in this trace or, for a body, an enclosing one; null if none was.
  const Tensor* written(const Slot* slot) const;
  void write(const Variable& variable, Tensor value);
  std::vector<Graph::Write> take_writes() { return std::move(writes_); }

 private:
  Kind kind_;
  Scope* outer_;
  int level_;
  std::vector<Graph::Write> writes_;
  std::unordered_map<const Slot*, std::size_t> index_;  // of the slot's entry in writes_
};

}  // namespace sluice::detail

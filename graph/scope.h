#pragma once

#include <sluice/graph/trace.h>

#include <atomic>
#include <unordered_map>

namespace sluice::detail {

/// The identity of a trace, which its tensors keep for the Error if they are used elsewhere.
struct Trace {
  enum class Kind {
    function,  ///< may assign Variables, sees no writes of an enclosing trace
    body,      ///< of a scan: may not assign, sees what the enclosing function reads and assigns
    custom,    ///< what custom_gradient calls: the same
    formula    ///< of an op: may neither assign nor read a Variable
  };

  Kind kind;
  Location where;  ///< of the call that traced it
  std::atomic<bool> ended = false;

  Trace(Kind kind, Location where) : kind(kind), where(where) {}
  /// "a function that was traced (my.cpp:12)", "the inside of a scan (my.cpp:12)", "of a custom_gradient" or
  /// "of the formula of an op"
  std::string text() const;
};

/// A function being traced, for the lifetime of this object. Scopes nest: the body of a scan is traced inside
/// the function that scans. Variables report reads and writes to the innermost scope of the thread; it ends
/// with the C++ scope, so a failed trace leaves nothing behind.
class Scope {
 public:
  using Kind = Trace::Kind;

  explicit Scope(Kind kind, Location where = {});
  ~Scope();
  Scope(const Scope&) = delete;
  Scope& operator=(const Scope&) = delete;

  static Scope* current();

  int level() const { return level_; }
  Tensor placeholder(const Spec& spec) const;

  /// Whether the formula of an op is being traced.
  bool in_formula() const;
  /// The innermost function being traced, if there is one: it reads and writes Variables, also for the bodies
  /// of scans in it.
  Scope* function();
  /// The Variable's value at this point of the function: the last value assigned, or the initial one.
  Tensor read(const Variable& variable, Location where);
  /// The Variable's value when the function begins.
  Tensor initial(const Variable& variable, Location where);
  void write(const Variable& variable, Tensor value);
  /// Notes what the function was told when it asked whether a Variable is frozen.
  void asked(const Variable& variable, bool frozen) { asked_.push_back({variable, frozen}); }

  /// Moves the values written and the function's results into a graph without Assigned nodes.
  void close(Graph& graph);

 private:
  struct Written {
    Graph::Write write;
    std::uint64_t number;  ///< assignments so far
    Tensor read;           ///< the Assigned node, made at the first read
  };

  std::shared_ptr<Trace> trace_;
  Scope* outer_;
  int level_;
  std::unordered_map<const Slot*, Tensor> initial_;
  std::vector<Written> written_;
  std::vector<Graph::Asked> asked_;
  std::unordered_map<const Slot*, std::size_t> index_;  // of the slot's entry in written_
  bool reads_back_ = false;                             // whether there are Assigned nodes
};

}  // namespace sluice::detail

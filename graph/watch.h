#pragma once

#include <sluice/graph/array.h>
#include <sluice/graph/op.h>

#include <span>

namespace sluice {
struct Node;
}

namespace sluice::detail {

/// Sees every value that interpreters compute on this thread, for the lifetime of this object: those of the
/// graph they are given and of the bodies of its scans, each as it is computed. See LoopStep for where.
class Watch {
 public:
  Watch();
  virtual ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  /// Outputs that nobody reads are undefined. What it throws ends the run.
  virtual void computed(const Node& node, std::span<const View> inputs, const Arrays& outputs) = 0;

  static Watch* current();

  /// Nobody watches on this thread, for the lifetime of this object, if `yes`: while an op runs that is
  /// itself made of ops.
  class Aside {
   public:
    explicit Aside(bool yes);
    ~Aside();
    Aside(const Aside&) = delete;
    Aside& operator=(const Aside&) = delete;

   private:
    Watch* before_;
  };

 private:
  Watch* before_;
};

}  // namespace sluice::detail

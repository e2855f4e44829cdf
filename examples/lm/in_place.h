#pragma once

#include <sluice/compile/compile.h>

#include <memory>
#include <span>
#include <utility>

namespace lm {

/// A compiled function for arguments of one shape, run on its own buffers: arguments are written to the
/// program's input buffers and results read from its output buffers, so a run copies and allocates nothing.
class InPlace {
 public:
  /// Compiles f for arguments like `examples`.
  template <class F, class... Examples>
  explicit InPlace(F f, const Examples&... examples)
      : program_(sluice::compile(std::move(f)).program(examples...)) {}

  template <class T>
  std::span<T> input(std::size_t i) {
    return {static_cast<T*>(program_->input(i)),
            static_cast<std::size_t>(program_->input_spec(i).shape.size())};
  }
  template <class T>
  std::span<const T> output(std::size_t i) const {
    return {static_cast<const T*>(program_->output(i)),
            static_cast<std::size_t>(program_->output_spec(i).shape.size())};
  }
  void run() { program_->run(); }

 private:
  std::shared_ptr<sluice::Program> program_;
};

}  // namespace lm

#pragma once

#include <sluice/compile/cache.h>
#include <sluice/compile/pack.h>

#include <functional>
#include <tuple>
#include <type_traits>

namespace sluice {

/// What compile() returns: a function of the same arguments and results that runs a Program. Copies share the
/// Programs.
template <class F>
class Compiled {
 public:
  Compiled(F function, const CompileOptions& options)
      : function_(std::move(function)), cache_(std::make_shared<ProgramCache>(options)) {}

  /// Runs the Program for these arguments, compiling it at the first call with their shapes. Inside another
  /// traced function it is traced like any other function.
  template <class... Args>
  auto operator()(const Args&... args) const {
    using Result = std::invoke_result_t<const F&, detail::Argument<Args>...>;
    if (is_tracing()) return function_(static_cast<detail::Argument<Args>>(args)...);
    Tensors arguments;
    (detail::flatten(static_cast<const detail::Argument<Args>&>(args), arguments), ...);
    // Held here: another call, on this thread or another, may drop it from the cache meanwhile. No line of
    // ours is of use in an error.
    const std::shared_ptr<Program> kept = find(args...);
    const Tensors results = kept->run(arguments, Location{});
    if constexpr (!std::is_void_v<Result>)
      return detail::Unpack(results, {results.size()}).template take<Result>();
  }

  /// The Program for these arguments (only their shapes and dtypes count): to print it, or to run it on raw
  /// memory. It is there for as long as the function keeps it: see CompileOptions::cache_size.
  template <class... Args>
  Program& program(const Args&... args) const {
    return *find(args...);
  }

  std::size_t program_count() const { return cache_->size(); }

 private:
  template <class... Args>
  std::shared_ptr<Program> find(const Args&... args) const {
    using Result = std::invoke_result_t<const F&, detail::Argument<Args>...>;
    Tensors arguments;
    std::vector<std::size_t> counts;
    [[maybe_unused]] const auto add = [&](const auto& argument) {  // no arguments: nothing to add
      const std::size_t before = arguments.size();
      detail::flatten(argument, arguments);
      counts.push_back(arguments.size() - before);
    };
    (add(static_cast<const detail::Argument<Args>&>(args)), ...);
    Specs specs;
    for (const Tensor& argument : arguments) specs.push_back(argument.spec());
    return cache_->find(specs, counts, [&](const Tensors& placeholders) {
      detail::Unpack unpack(placeholders, counts);
      // Braces fix the order of evaluation: arguments are taken from left to right.
      const std::tuple<detail::Argument<Args>...> rebuilt{unpack.take<detail::Argument<Args>>()...};
      Tensors results;
      if constexpr (std::is_void_v<Result>) {
        std::apply(function_, rebuilt);
      } else {
        detail::flatten(std::apply(function_, rebuilt), results);
      }
      return results;
    });
  }

  F function_;
  std::shared_ptr<ProgramCache> cache_;
};

/// Makes a function of Tensors fast. The function is traced once for every combination of argument shapes and
/// dtypes, becomes a Program, and is only run from then on: what else it does (printing, reading a clock)
/// happens while tracing. Arguments: Tensor or std::vector<Tensor> (Variables count as Tensors). Results:
/// nothing, a Tensor, a std::vector, or a std::pair, std::tuple or std::array of Tensors. Variables assigned
/// inside get their new values when the Program has run.
///
///   auto step = compile([&](const Tensor& x, const Tensor& y) {
///     auto loss = nn::cross_entropy(model(x), y);
///     adam.update(loss);
///     return loss;
///   });
///   double loss = step(x, y).item();
///
/// Everything the function refers to must live as long as the compiled function may still be traced. A
/// function that throws while traced leaves nothing behind; the next call traces again.
template <class F>
Compiled<std::decay_t<F>> compile(F&& function, const CompileOptions& options = {}) {
  return {std::forward<F>(function), options};
}

}  // namespace sluice

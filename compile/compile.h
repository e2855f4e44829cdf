#pragma once

#include <sluice/compile/cache.h>
#include <sluice/compile/pack.h>
#include <sluice/graph/with_values.h>

#include <functional>
#include <memory>
#include <tuple>
#include <type_traits>

namespace sluice {

/// The result of compile(): a function with the same arguments and results that runs a Program. Copies share
/// the Programs.
template <class F>
class Compiled {
 public:
  Compiled(F function, const CompileOptions& options, Location where)
      : function_(std::move(function)), where_(where) {
    const detail::Call call("compile", where);
    cache_ = std::make_shared<ProgramCache>(options);
  }

  /// Runs the Program for these arguments, compiling it at the first call with their shapes. Inside another
  /// traced function, and inside with_values, it is traced like any other function.
  template <class... Args>
  auto operator()(const Args&... args) const {
    if constexpr (!detail::can_be_compiled<F, Args...>()) {
      return Tensor();  // unreachable: the static_assert has failed
    } else {
      using Result = Returned<Args...>;
      Tensors results;
      if (ProgramCache& cache = this->cache(); is_tracing() || detail::Standing::any()) {
        results = flat([&] { return function_(static_cast<detail::Argument<Args>>(args)...); });
      } else {
        Tensors arguments;
        (detail::flatten(static_cast<const detail::Argument<Args>&>(args), arguments), ...);
        // Kept alive here: another call, on this thread or another, may drop it from the cache meanwhile.
        // Errors name the line of the op that throws, not one of ours.
        const std::shared_ptr<Program> kept = find(cache, args...);
        results = kept->run(arguments, Location{});
      }
      if constexpr (!std::is_void_v<Result>)
        return detail::Unpack(results, {results.size()}).template take<Result>();
    }
  }

  /// The Program for these arguments (only their shapes and dtypes count): to print it, or to run it on raw
  /// memory. It lives as long as somebody holds it, even if the cache has dropped it.
  template <class... Args>
  std::shared_ptr<Program> program(const Args&... args) const {
    if constexpr (detail::can_be_compiled<F, Args...>()) return find(cache(), args...);
  }

  std::size_t program_count() const { return cache().size(); }

 private:
  template <class... Args>
  using Returned = typename detail::ResultOf<
      std::decay_t<std::invoke_result_t<const F&, detail::Argument<Args>...>>>::type;

  ProgramCache& cache() const { return detail::require_program_cache(cache_, where_); }

  /// The results of a function as a list.
  template <class Call>
  static Tensors flat(const Call& call) {
    Tensors results;
    if constexpr (std::is_void_v<decltype(call())>) {
      call();
    } else {
      detail::flatten(call(), results);
    }
    return results;
  }

  template <class... Args>
  std::shared_ptr<Program> find(ProgramCache& cache, const Args&... args) const {
    const detail::Call call("compile", where_);  // a variadic call cannot capture its own line
    Tensors arguments;
    std::vector<std::size_t> counts;
    [[maybe_unused]] const auto add = [&](const auto& argument) {  // no arguments: nothing to add
      const std::size_t before = arguments.size();
      detail::flatten(argument, arguments);
      counts.push_back(arguments.size() - before);
    };
    (add(static_cast<const detail::Argument<Args>&>(args)), ...);
    Specs specs;
    for (const Tensor& argument : arguments) specs.push_back(argument.spec(Location{}));
    return cache.find(specs, counts, [&](const Tensors& placeholders) {
      detail::Unpack unpack(placeholders, counts);
      // Braces fix the order of evaluation: arguments are taken from left to right.
      const std::tuple<detail::Argument<Args>...> rebuilt{unpack.take<detail::Argument<Args>>()...};
      return flat([&] { return std::apply(function_, rebuilt); });
    });
  }

  F function_;
  std::shared_ptr<ProgramCache> cache_;
  Location where_;  // of the call of compile()
};

/// Makes a function of Tensors fast. The function is traced once for every combination of argument shapes and
/// dtypes and compiled to a Program, which runs from then on: other effects (printing, reading a clock)
/// happen only while tracing. Arguments: Tensor or std::vector<Tensor> (Variables count as Tensors). Results:
/// nothing, a Tensor, a std::vector, or a std::pair, std::tuple or std::array of Tensors; classes derived
/// from Tensor come back as a Tensor. Variables assigned inside get their new values at the end of a run.
/// Calling a compiled function that has been moved from throws Error.
///
///   auto step = compile([&](const Tensor& x, const Tensor& y) {
///     auto loss = nn::cross_entropy(model(x), y);
///     adam.update(loss);
///     return loss;
///   });
///   double loss = step(x, y).item();
///
/// Everything the function refers to must outlive all tracing. A function that throws while being traced
/// leaves nothing behind; the next call traces again. Errors about arguments name the line of compile().
template <class F>
Compiled<std::decay_t<F>> compile(F&& function, const CompileOptions& options = {},
                                  Location where = Location::current()) {
  return {std::forward<F>(function), options, where};
}

}  // namespace sluice

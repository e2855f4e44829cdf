#pragma once

#include <sluice/compile/cache.h>
#include <sluice/compile/callable.h>
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
      using Result = detail::Returned<F, Args...>;
      ProgramCache& cache = this->cache();
      const detail::Flat arguments = flat(args...);
      if (is_tracing() || detail::Standing::any()) {
        return unflat<Result>(apply<Args...>(arguments.tensors, arguments.lengths));
      } else {
        // Kept alive here: another call, on this thread or another, may drop it from the cache meanwhile.
        // Errors name the line of the op that throws, not one of ours.
        const ProgramCache::Found found = find<Args...>(cache, arguments);
        return unflat<Result>({found.program->run(arguments.tensors, Location{}), found.result_lengths, {}});
      }
    }
  }

  /// The Program for these arguments (only their shapes and dtypes count): to print it, or to profile it. It
  /// is the one that calls with such arguments run. It lives as long as somebody holds it, even if the cache
  /// has dropped it.
  template <class... Args>
  std::shared_ptr<Program> program(const Args&... args) const {
    if constexpr (detail::can_be_compiled<F, Args...>()) {
      return find<Args...>(cache(), flat(args...)).program;
    }
  }

  /// A Program of the caller's own, compiled now and ready to run: its weights are packed, its memory is
  /// there and the threads of the pool run, so all that the first run lacks is warm caches. For streaming, and
  /// to run in buffers that nobody else writes:
  ///
  ///     auto program = step.prepare(Spec{DType::float32, {1, 8}});
  ///     std::span<float> x = program.input<float>(0);        // valid for the Program's lifetime
  ///     std::span<const float> y = program.output<float>(0);
  ///     for (;;) { read(x); program.run(); write(y); }
  ///
  /// `examples` are Specs, or arguments of which only shapes and dtypes count. Changes no Variable. A Program
  /// does not move: make it where it stays, or by `new Program(step.prepare(...))`. It is not traced again,
  /// so it keeps the frozen flags that Variables had.
  template <class... Examples>
  auto prepare(const Examples&... examples) const {
    if constexpr (detail::can_be_compiled<F, detail::Example<Examples>...>()) {
      return prepare_like(detail::example_of(examples)...);
    }
  }

  std::size_t program_count() const { return cache().size(); }
  /// What has been compiled for which shapes, and what was dropped: print its text().
  CacheReport cache_report() const { return cache().report(); }

 private:
  ProgramCache& cache() const { return detail::require_program_cache(cache_, where_); }

  template <class... Args>
  detail::Flat flat(const Args&... args) const {
    const detail::Call call("compile", where_);  // a variadic call cannot capture its own line
    return detail::flattened(args...);
  }

  /// The flat results of the function for flat arguments.
  template <class... Args>
  detail::Flat apply(const Tensors& arguments, const std::vector<std::size_t>& lengths) const {
    detail::Unflat from(arguments, lengths);
    // Braces fix the order of evaluation: arguments are taken from left to right.
    const std::tuple<typename detail::Nest<Args>::type...> rebuilt{detail::Nest<Args>::rebuild(from)...};
    if constexpr (std::is_void_v<detail::Returned<F, Args...>>) {
      std::apply(function_, rebuilt);
      return {};
    } else {
      return detail::flattened(std::apply(function_, rebuilt));
    }
  }

  template <class Result>
  static auto unflat(const detail::Flat& results) {
    if constexpr (!std::is_void_v<Result>) {
      detail::Unflat from(results.tensors, results.lengths);
      return detail::Nest<Result>::rebuild(from);
    }
  }

  template <class... Args>
  ProgramCache::Function recorded(const std::vector<std::size_t>& lengths) const {
    return [this, &lengths](const Tensors& placeholders) { return apply<Args...>(placeholders, lengths); };
  }

  template <class... Args>
  ProgramCache::Found find(ProgramCache& cache, const detail::Flat& arguments) const {
    const detail::Call call("compile", where_);
    return cache.find(detail::specs_of(arguments.tensors), arguments.lengths,
                      recorded<Args...>(arguments.lengths));
  }

  template <class... Args>
  Program prepare_like(const Args&... args) const {
    const detail::Call call("compile", where_);
    const detail::Flat arguments = flat(args...);
    return cache().prepare(detail::specs_of(arguments.tensors), recorded<Args...>(arguments.lengths));
  }

  F function_;
  std::shared_ptr<ProgramCache> cache_;
  Location where_;  // of the call of compile()
};

/// Makes a function of tensors fast. The function is traced once for every combination of argument shapes and
/// dtypes and compiled to a Program, which runs from then on: other effects (printing, reading a clock)
/// happen only while tracing. Variables assigned inside get their new values at the end of a run.
///
///   auto step = compile([&](const Tensor& x, const Tensor& y, const Tensor& rate) {
///     auto loss = nn::cross_entropy(model(x), y);
///     adam.update(loss * rate);
///     return loss;
///   });
///   double loss = step(x, y, 0.5).item();
///
/// Arguments: a Tensor (Variables count as Tensors), a number, a std::vector, std::array, std::pair or
/// std::tuple, nn::States, a struct without constructors with up to 8 members, and any of these in one
/// another. A number is an argument like any other, so other numbers run the same Program; the function takes
/// it as a Tensor, a scalar: of the dtype of the first floating-point tensor among the arguments, float32 if
/// there is none; int32 for an integer (so write 2.0 for a rate of 2), boolean for a bool. Members of structs and lists are no numbers.
/// Results: nothing, or the same; classes derived from Tensor come back as a Tensor.
///
/// A Program runs on one thread at a time: compile the function once for each thread that calls it. Calling a
/// compiled function that has been moved from throws Error. Everything the function refers to must
/// outlive all tracing. A function that throws while being traced leaves nothing behind; the next call traces
/// again. Errors about arguments name the line of compile().
template <class F>
Compiled<std::decay_t<F>> compile(F&& function, const CompileOptions& options = {},
                                  Location where = Location::current()) {
  return {std::forward<F>(function), options, where};
}

}  // namespace sluice

#pragma once

#include <sluice/graph/call.h>
#include <sluice/graph/variable.h>

#include <concepts>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace sluice::optim {

namespace detail {

/// Gives Variables other values for the lifetime of this object, and then those back that they had.
class Replaced {
 public:
  Replaced(std::vector<Variable> variables, const Arrays& values);
  ~Replaced();
  Replaced(const Replaced&) = delete;
  Replaced& operator=(const Replaced&) = delete;

 private:
  std::vector<Variable> variables_;
  Arrays before_;
};

}  // namespace detail

/// Averages of parameters over the steps of a training, which are often better than the last values: the base
/// of EMA and Average.
///
///     optim::EMA ema(model.variables(), {.decay = 0.999});
///     const auto step = compile([&](const Tensor& x, const Tensor& y) {
///       auto loss = nn::mse(model(x), y);
///       adam.update(loss);
///       ema.update();  // of what the step has assigned
///       return loss;
///     });
///     const double error = ema.with_averages([&] { return validate(model); });
///
/// Averages and counts are Variables, so that a checkpoint holds them by variables(), and a resumed training
/// continues with exactly the same bits. They are of the dtype of their parameter. Variables that are not
/// floating-point, such as random keys, have no average and are left out; frozen ones have.
class WeightAverage {
 public:
  virtual ~WeightAverage() = default;

  /// Takes the current values of the parameters into the averages: at once, or in a function being traced as
  /// part of it, after the assignments before. Throws Error inside the body of a scan.
  void update(Location where = Location::current());

  /// What f returns, called while the parameters hold their averages: for validation, and to save the
  /// averaged model. Then they have their values back, also if f throws; f evaluates and does not train, for
  /// what it assigns to them is lost. Throws Error in a function being traced: there use with_values with
  /// values().
  template <std::invocable F>
  auto with_averages(F&& f, Location where = Location::current()) {
    const sluice::detail::Call call(who_, where);
    require_not_traced();
    const detail::Replaced replaced(parameter_list(), values_of(averages_, Location{}));
    return std::forward<F>(f)();
  }

  /// Gives the parameters their averages, for good: at the end of a training. In a function being traced the
  /// assignments are recorded.
  void assign(Location where = Location::current()) const;

  /// The parameters that have an average, under their names, and the averages in the same order.
  const NamedVariables& parameters() const { return parameters_; }
  Tensors values(Location where = Location::current()) const;

  /// The number of values that the averages are made of.
  std::int64_t updates(Location where = Location::current()) const;

  /// The state, for checkpoints: "updates", then "average.<parameter>", then what the kind of average adds.
  NamedVariables variables() const { return state_; }

 protected:
  /// Throws Error if no Variable is floating-point, for one without a value, one given twice, and a duplicate
  /// name. `who` is a literal, the name in errors.
  WeightAverage(const char* who, const NamedVariables& parameters, Location where);

  /// The weight of the newest value when there are n with it, a float64 scalar in [0, 1]; 1 takes its bits.
  virtual Tensor weight(const Tensor& n) const = 0;
  /// How many values there are with the newest, after n; 0 if averaging has not begun: then the averages are
  /// the newest values.
  virtual Tensor next_count(const Tensor& n) const;

  /// A float64 Variable of the state, for constructors.
  Variable state(const std::string& name, const Tensor& initial);
  const Variable& count() const { return updates_; }
  const char* who() const { return who_; }
  /// Throws Error inside of a function being traced.
  void require_not_traced() const;

 private:
  std::vector<Variable> parameter_list() const;

  const char* who_;
  NamedVariables parameters_;
  std::vector<Variable> averages_;
  Variable updates_;
  NamedVariables state_;
};

}  // namespace sluice::optim

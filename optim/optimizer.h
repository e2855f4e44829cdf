#pragma once

#include <sluice/graph/variable.h>
#include <sluice/optim/schedule.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::optim {

/// Parameters that share options. Those not set here are the optimiser's.
struct Group {
  NamedVariables variables;
  double learning_rate_scale = 1;           ///< multiplier of the learning rate
  std::optional<double> weight_decay = {};  ///< replaces the optimiser's, such as 0 for biases
  /// No gradient, no state, no change, for ever. Variable::freeze and nn::freeze are for a time.
  bool frozen = false;
};

/// Options common to all optimisers; each options struct has these members besides its own.
struct CommonOptions {
  double learning_rate = 0;
  double weight_decay = 0;
  double clip_norm = 0;   ///< scales gradients so that their global norm is at most this; 0: no limit
  double clip_value = 0;  ///< clamps each element to [-clip_value, clip_value], before the norm; 0: no limit
  bool skip_nonfinite = false;  ///< skip a step whose gradient norm is NaN or infinite: nothing changes
  Schedule schedule;            ///< multiplier of the learning rate by step; default 1
};

/// The result of an update. It is itself the global norm of the gradients before clipping, a float64 scalar,
/// for logs; norm and taken cost nothing in a compiled function that does not use them. The lists are filled
/// at once, also in a function being traced: read them there.
struct Update : Tensor {
  const Tensor& norm() const { return *this; }

  Tensor taken;                        ///< a boolean scalar: false if skip_nonfinite skipped the step
  std::vector<std::string> unreached;  ///< names of the parameters that have no gradient from this loss
  /// Floating-point Variables that a gradient of this loss may reach and that are not frozen, but that the
  /// optimiser does not have, not even in a frozen group: for example a member forgotten in members(). Named
  /// by where they were made: "f32[3, 3] made at model.cpp:12". Empty for apply.
  NamedVariables unlisted;

  /// Why the step was skipped, in words; empty if it was taken. Throws Error in a function being traced if
  /// skip_nonfinite is set: the answer is not known yet.
  std::string why(Location where = Location::current()) const;
};

/// Turns the gradient of a loss into new values of its parameters. Everything that changes from step to step
/// is a Variable: the step count, the learning rate and the moments of each parameter. So `update` works
/// eagerly, at once, and inside a compiled function, as part of the program; and saving variables() together
/// with the parameters allows an exact resume.
///
/// An optimiser is a class that declares its state with state() and writes its formula in step(); see sgd.h.
///
/// NaN and infinite gradients reach parameters and moments, unless skip_nonfinite is set; moments of squares
/// of finite gradients are clamped to the largest number. If the loss depends on some parameters but not on
/// others, the others have gradient zero: moments and weight decay still act on them.
///
/// Parameters that are frozen (nn::freeze, Variable::freeze) when an update is done are left as they are, and
/// their moments too; the norm is that of the gradients of the others. If all are, only the step is counted.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step down the gradient of `loss`, a floating-point scalar computed from the parameters. All new
  /// values are computed from old ones: of every parameter and every moment. The gradient is with respect to
  /// the values that the loss was made from, and is applied to the current ones. Throws ShapeError if the
  /// loss is not a floating-point scalar, Error if it depends on none of the parameters that are not frozen.
  Update update(const Tensor& loss, Location where = Location::current());

  /// The same with given gradients: one per entry of parameters(), of its shape and dtype; an undefined one
  /// counts as zero, and that of a frozen one is not used. Throws ShapeError if they do not fit.
  Update apply(const Tensors& gradients, Location where = Location::current());

  /// The trained parameters: those of all groups in order, without frozen groups.
  const NamedVariables& parameters() const { return parameters_; }

  /// The state, for checkpoints: "step", "learning_rate", then "m.<parameter>" and so on.
  NamedVariables variables() const { return state_; }

  /// The learning rate before schedule and group scale. It is a Variable, so a compiled function sees a new
  /// rate in its next run, without tracing again. Throws Error unless it is finite and not negative.
  void set_learning_rate(double rate, Location where = Location::current());
  double learning_rate(Location where = Location::current()) const {
    const sluice::detail::Call call(who_, where);
    return learning_rate_.value(Location{}).item(Location{});
  }
  const Variable& learning_rate_variable() const { return learning_rate_; }

  /// The number of steps done: 0 before the first. Throws Error if the Variable "step", which may come from a
  /// checkpoint, is not a valid count.
  std::int64_t steps(Location where = Location::current()) const;

  /// The learning rate that the next update uses: learning_rate() * schedule(steps()), a float64 scalar.
  Tensor scheduled_rate(Location where = Location::current()) const;

 protected:
  /// One parameter during a step.
  struct Slice {
    std::size_t index = 0;  ///< in parameters(), and in the result of state()
    Variable variable;
    Tensor value;     ///< before the step
    Tensor gradient;  ///< clipped
    Tensor rate;      ///< its learning rate, a float64 scalar
    double weight_decay = 0;

    /// A float64 scalar cast to the dtype of the parameter.
    Tensor scalar(const Tensor& x) const;
    /// The gradient of the loss plus weight_decay / 2 * |value|^2 (L2 regularisation).
    Tensor decayed_gradient() const;
  };

  /// Collects new values; they become visible together.
  class NewValues {
   public:
    void set(const Variable& variable, const Tensor& value) { values_.emplace_back(variable, value); }

   private:
    friend class Optimizer;
    std::vector<std::pair<Variable, Tensor>> values_;
  };

  /// Throws Error for an empty list, a parameter given twice, a duplicate name, and options out of range;
  /// ShapeError for a parameter that is not floating-point. `who` is a literal, the name in errors.
  Optimizer(const char* who, const std::vector<Group>& groups, const CommonOptions& options, Location where);

  /// Makes a Variable like each parameter, filled with `initial` and named "<name>.<parameter>". For
  /// constructors.
  std::vector<Variable> state(const std::string& name, double initial = 0);

  /// A mean or sum of squared gradients, clamped to the largest number of its dtype: with infinity a
  /// parameter would never move again. Returned unchanged if clipping keeps gradients small.
  Tensor finite_squares(const Tensor& squares) const;

  /// The formula: new values for the parameters and the state. Parameters that are frozen now have no slice,
  /// so the place of one in `slices` need not be its index. `t` counts from 1, a float64 scalar.
  virtual void step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const = 0;

 private:
  struct Share {
    double learning_rate_scale;
    double weight_decay;
  };
  void require_new(const NamedVariable& parameter, const NamedVariables& others) const;
  /// The places in parameters() of those that are not frozen now.
  std::vector<std::size_t> trained() const;
  Update apply_to(const std::vector<std::size_t>& trained, const Tensors& gradients);
  Tensors checked(const Tensors& gradients) const;
  /// Throws Error if the loss depends on no parameter that is trained.
  void require_reached(const std::vector<std::size_t>& trained, const Tensors& gradients,
                       const Tensor& loss) const;
  NamedVariables unlisted(const Tensor& loss) const;
  /// Assigns the new values to the Variables, and evaluates norm and taken in eager mode.
  void commit(NewValues next, Tensor& norm, Tensor& taken) const;

  const char* who_;
  Location made_;
  CommonOptions options_;
  NamedVariables parameters_;
  std::vector<Variable> frozen_;
  std::vector<Share> shares_;  // one per parameter
  Variable step_;
  Variable learning_rate_;
  NamedVariables state_;
};

/// The members of an options struct that all optimisers have.
template <class Options>
CommonOptions common_options(const Options& options) {
  return {.learning_rate = options.learning_rate,
          .weight_decay = options.weight_decay,
          .clip_norm = options.clip_norm,
          .clip_value = options.clip_value,
          .skip_nonfinite = options.skip_nonfinite,
          .schedule = options.schedule};
}

namespace detail {

/// Throw Error "[who] name must ..." for an option out of its range: [0, 1), or finite and not negative.
void require_fraction(std::string_view who, std::string_view name, double value, Location where);
void require_not_negative(std::string_view who, std::string_view name, double value, Location where);

}  // namespace detail

}  // namespace sluice::optim

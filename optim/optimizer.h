#pragma once

#include <sluice/graph/variable.h>
#include <sluice/optim/schedule.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::optim {

/// Parameters that are trained alike. Whatever is not said is as in the options of the optimiser.
struct Group {
  NamedVariables variables;
  double learning_rate_scale = 1;           ///< times the learning rate of the optimiser
  std::optional<double> weight_decay = {};  ///< instead of the optimiser's, such as 0 for biases
  bool frozen = false;                      ///< no gradient, no state, no change
};

/// What every optimiser offers; its options struct has these members besides its own.
struct CommonOptions {
  double learning_rate = 0;
  double weight_decay = 0;
  double clip_norm = 0;   ///< scales gradients so that their global norm is at most this; 0: no limit
  double clip_value = 0;  ///< limits each element to [-clip_value, clip_value], before the norm; 0: no limit
  bool skip_nonfinite = false;  ///< a step whose gradient norm is NaN or infinite changes nothing at all
  Schedule schedule;            ///< factor of the learning rate by step; none: 1
};

/// What an update did. It is itself the global norm of the gradients before clipping, a float64 scalar, for
/// logs; norm and taken cost nothing in a compiled function that does not use them. The lists are there at
/// once, also in a function being traced: that is the time to look at them.
struct Update : Tensor {
  const Tensor& norm() const { return *this; }

  Tensor taken;                        ///< a boolean scalar: false where skip_nonfinite has skipped the step
  std::vector<std::string> unreached;  ///< names of the parameters that have no gradient from this loss
  /// Floating Variables that a gradient of this loss may reach and the optimiser does not have, frozen or
  /// not, by what is known of them: "f32[3, 3] made at model.cpp:12". A member forgotten in members() is
  /// here. Empty for apply.
  NamedVariables unlisted;

  /// Why the step was skipped, in words; empty where it was taken. Throws Error in a function being traced
  /// where skip_nonfinite is set, for nobody knows yet.
  std::string why(Location where = Location::current()) const;
};

/// Turns the gradient of a loss into new values of its parameters. All that changes from step to step is a
/// Variable: the number of steps done, the learning rate and the moments of each parameter. So `update` works
/// eagerly, where it happens at once, and inside a compiled function, where it becomes part of the program;
/// and saving variables() with the parameters is an exact resume.
///
/// An optimiser is a page: a class that declares its state with state() and writes its formula in step(); see
/// sgd.h.
///
/// Gradients that are NaN or infinite reach parameters and moments, unless skip_nonfinite is set; the squares
/// of finite ones end at the largest number there is. A parameter that the loss does not depend on, beside
/// others that it does depend on, has the gradient zero: moments and weight decay still act on it.
class Optimizer {
 public:
  virtual ~Optimizer() = default;

  /// One step down the gradient of `loss`, a floating scalar made from the parameters' values. All new values
  /// are made from old ones: of every parameter, of every moment. The gradient is with respect to the values
  /// that the loss was made from, and is applied to those of now. Throws ShapeError when the loss is no
  /// floating scalar, Error when it depends on none of the parameters.
  Update update(const Tensor& loss, Location where = Location::current());

  /// The same from gradients made elsewhere: one per entry of parameters(), of its shape and dtype; an
  /// undefined one counts as zero. Throws ShapeError when they do not fit.
  Update apply(const Tensors& gradients, Location where = Location::current());

  /// The parameters that are trained: those of all groups in order, without frozen ones.
  const NamedVariables& parameters() const { return parameters_; }

  /// The state, for checkpoints: "step", "learning_rate", then "m.<parameter>" and the like.
  NamedVariables variables() const { return state_; }

  /// The learning rate before schedule and group scale. It is a Variable, so that setting it needs no new
  /// trace: a compiled function sees it in its next run. Throws Error unless it is finite and not negative.
  void set_learning_rate(double rate, Location where = Location::current());
  double learning_rate(Location where = Location::current()) const {
    const sluice::detail::Call call(who_, where);
    return learning_rate_.value(Location{}).item(Location{});
  }
  const Variable& learning_rate_variable() const { return learning_rate_; }

  /// The number of steps done: 0 before the first. Throws Error when the Variable "step", which may come from
  /// a checkpoint, holds no count.
  std::int64_t steps(Location where = Location::current()) const;

  /// The learning rate that the next update uses: learning_rate() * schedule(steps()), a float64 scalar.
  Tensor scheduled_rate(Location where = Location::current()) const;

 protected:
  /// One parameter in a step.
  struct Slice {
    std::size_t index = 0;  ///< in parameters(), and in what state() returned
    Variable variable;
    Tensor value;     ///< before the step
    Tensor gradient;  ///< clipped
    Tensor rate;      ///< its learning rate, a float64 scalar
    double weight_decay = 0;

    /// A float64 scalar in the dtype of the parameter.
    Tensor scalar(const Tensor& x) const;
    /// The gradient of the loss plus weight_decay / 2 * |value|^2 (L2 regularisation).
    Tensor decayed_gradient() const;
  };

  /// Collects new values; none is visible before all are there.
  class NewValues {
   public:
    void set(const Variable& variable, const Tensor& value) { values_.emplace_back(variable, value); }

   private:
    friend class Optimizer;
    std::vector<std::pair<Variable, Tensor>> values_;
  };

  /// Throws Error for an empty list, a parameter given twice, two of one name, and options out of range;
  /// ShapeError for a parameter that is not floating. `who` is a literal, the name in errors.
  Optimizer(const char* who, const std::vector<Group>& groups, const CommonOptions& options, Location where);

  /// Makes a Variable like each parameter, filled with `initial` and named "<name>.<parameter>". For
  /// constructors.
  std::vector<Variable> state(const std::string& name, double initial = 0);

  /// A mean or sum of squared gradients, limited to the largest number of its dtype: at infinity a parameter
  /// would never move again. As it is where clipping keeps gradients small.
  Tensor finite_squares(const Tensor& squares) const;

  /// The formula: new values for the parameters and the state. `t` counts from 1, a float64 scalar.
  virtual void step(const std::vector<Slice>& slices, const Tensor& t, NewValues& next) const = 0;

 private:
  struct Share {
    double learning_rate_scale;
    double weight_decay;
  };
  void require_new(const NamedVariable& parameter, const NamedVariables& others) const;
  Tensors checked(const Tensors& gradients) const;
  /// Throws Error for a loss that depends on no parameter.
  void require_reached(const Tensors& gradients, const Tensor& loss) const;
  NamedVariables unlisted(const Tensor& loss) const;
  /// Makes the new values those of the Variables, and evaluates norm and taken where nothing is traced.
  void commit(NewValues next, Tensor& norm, Tensor& taken) const;

  const char* who_;
  Location made_;
  CommonOptions options_;
  NamedVariables parameters_;
  std::vector<Variable> frozen_;
  std::vector<Share> shares_;  // of the parameters
  Variable step_;
  Variable learning_rate_;
  NamedVariables state_;
};

/// The members of an options struct that all optimisers share.
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

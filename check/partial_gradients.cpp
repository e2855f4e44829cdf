#include <sluice/check/op_calls.h>
#include <sluice/check/partial_gradients.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/guard.h>
#include <sluice/check/values.inl>

namespace sluice::detail {

namespace {

/// A node of constants for one op, and the gradients it gives.
class Gradients {
 public:
  Gradients(const OpCall& call, std::string_view who) : call_(call), who_(who) {
    Tensors inputs(call.inputs.begin(), call.inputs.end());
    ys_ = outputs_of(make(call.node->op, std::move(inputs), Location{}));
    for (const Array& input : call.inputs) wanted_.push_back(is_floating(input.dtype()));
    for (const Tensor& y : ys_) dys_.push_back(is_floating(y.dtype()) ? seed_for(y.spec()) : Tensor());
  }

  /// Whether there is a gradient to compare with.
  bool exist() const {
    const auto defined = [](const Tensor& t) { return t.defined(); };
    if (std::none_of(dys_.begin(), dys_.end(), defined)) return false;
    if (std::find(wanted_.begin(), wanted_.end(), true) == wanted_.end()) return false;
    try {
      of(dys_, wanted_);
    } catch (const Error&) {
      return false;
    }
    return true;
  }

  void check() const {
    const Tensors full = of(dys_, wanted_);
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      if (!wanted_[i]) continue;
      std::vector<bool> only(wanted_.size(), false);
      only[i] = true;
      require(i, of(dys_, only)[i], full[i], fmt::format("if only that of input {} is wanted", i));
    }
    for (std::size_t y = 0; y < dys_.size() && dys_.size() > 1; ++y) {
      if (!dys_[y].defined()) continue;
      Tensors alone(dys_.size());
      Tensors zeros_beside = dys_;
      alone[y] = dys_[y];
      for (std::size_t k = 0; k < dys_.size(); ++k) {
        if (k != y && dys_[k].defined()) zeros_beside[k] = zeros_like(dys_[k]);
      }
      const Tensors expected = of(zeros_beside, wanted_);
      const Tensors got = of(alone, wanted_);
      for (std::size_t i = 0; i < wanted_.size(); ++i) {
        if (wanted_[i]) require(i, got[i], expected[i], fmt::format("if only output {} has a dy", y));
      }
    }
  }

 private:
  Tensors of(const Tensors& dys, const std::vector<bool>& wanted) const {
    try {
      Tensors found = guarded(call_.op(), "gradients", call_.node->where,
                              [&] { return call_.op().gradients(ys_, dys, wanted); });
      if (found.size() == wanted.size()) return found;
      throw Error(
          fmt::format("[{}] gradients returns one tensor per operand, undefined for zero: got {} for {}",
                      who_, found.size(), wanted.size()));
    } catch (Error& error) {
      error.add(fmt::format("; in gradients of {}, where some dys may be undefined", call_.text()));
      throw;
    }
  }

  void require(std::size_t input, const Tensor& got, const Tensor& expected, const std::string& when) const {
    const auto value = [&](const Tensor& t) {
      return evaluate(t.defined() ? t : zeros_like(Tensor(call_.inputs[input])), Location{}).value();
    };
    const Array expected_value = value(expected);
    const Array got_value = value(got);
    if (got_value.spec() == expected_value.spec()) {
      const auto wrong = difference(got_value, expected_value);
      if (!wrong) return;
      throw Error(fmt::format(
          "[{}] {} gives the gradient {:.9g} at {} of input {} {}, and {:.9g} otherwise; in gradients, skip "
          "undefined dys, and compute each input's gradient by itself",
          who_, call_.text(), wrong->got, position_text(got_value.shape(), wrong->element), input, when,
          wrong->expected));
    }
    throw Error(
        fmt::format("[{}] {} gives a gradient {} of input {} {}, and {} otherwise; they must be the same",
                    who_, call_.text(), got_value.spec().text(), input, when, expected_value.spec().text()));
  }

  const OpCall& call_;
  const std::string_view who_;
  Tensors ys_;
  Tensors dys_;
  std::vector<bool> wanted_;
};

}  // namespace

void check_partial_gradients(const Graph& graph, const Tensors& arguments, std::string_view who) {
  for (const OpCall& call : op_calls(graph, arguments)) {
    const Gradients gradients(call, who);
    if (gradients.exist()) gradients.check();
  }
}

}  // namespace sluice::detail

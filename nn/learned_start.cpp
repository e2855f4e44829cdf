#include <sluice/nn/learned_start.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/select.h>
#include <sluice/nn/wrapping.inl>

#include <utility>

namespace sluice::nn {

LearnedStart::LearnedStart(Part<Cell> inner, std::optional<DType> dtype, Location where)
    : ContextCell(detail::wrapped("learned_start", inner, where)->inputs(),
                  detail::wrapped("learned_start", inner, where)->state_sizes(),
                  where.of_call("learned_start")),
      inner_(std::move(inner)) {
  const sluice::detail::Call call("learned_start", where);
  if (!dtype) dtype = detail::dtype_of_variables(*inner_);
  for (const Tensor& part : inner_->initial(1, dtype.value_or(DType::float32)).parts)
    first.emplace_back(select(part, 0, 0), Location{});
}

State LearnedStart::step_in(const Tensor& x, const State& s, const StepContext& context) const {
  return detail::held("learned_start", inner_)(x, s, context);
}

State LearnedStart::start(Index batch, DType) const {
  State state;
  for (std::size_t i = 0; i < first.size(); ++i) {
    state.parts.push_back(broadcast_to(first[i], {batch, state_sizes()[i]}));
  }
  return state;
}

std::vector<RecurrentWeight> LearnedStart::recurrent_weights() const {
  return detail::held("learned_start", inner_).recurrent_weights();
}

const Cell& LearnedStart::inner(Location where) const { return detail::held("learned_start", inner_, where); }

void LearnedStart::members(const Members& m) const {
  m("inner", inner_);
  m("first", first);
}

}  // namespace sluice::nn

#include <sluice/nn/learned_start.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/select.h>

namespace sluice::nn {

namespace {

const Cell& cell_to_start(const Part<Cell>& inner, Location where) {
  if (inner == nullptr) {
    throw Error("[learned_start] gives a cell another initial state: got a null pointer; pass a cell", where);
  }
  return *inner;
}

}  // namespace

LearnedStart::LearnedStart(Part<Cell> inner, DType dtype, Location where)
    : ContextCell(cell_to_start(inner, where).inputs(), cell_to_start(inner, where).state_sizes(),
                  where.of_call("learned_start")),
      inner_(std::move(inner)) {
  const sluice::detail::Call call("learned_start", where);
  for (const Tensor& part : inner_->initial(1, dtype).parts)
    first.emplace_back(select(part, 0, 0), Location{});
}

State LearnedStart::step_in(const Tensor& x, const State& s, const StepContext& context) const {
  return (*inner_)(x, s, context);
}

State LearnedStart::start(Index batch, DType) const {
  State state;
  for (std::size_t i = 0; i < first.size(); ++i) {
    state.parts.push_back(broadcast_to(first[i], {batch, state_sizes()[i]}));
  }
  return state;
}

std::vector<RecurrentWeight> LearnedStart::recurrent_weights() const { return inner_->recurrent_weights(); }

void LearnedStart::members(const Members& m) const {
  m("inner", inner_);
  m("first", first);
}

}  // namespace sluice::nn

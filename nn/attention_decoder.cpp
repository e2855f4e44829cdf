#include <sluice/nn/attention_decoder.h>
#include <sluice/ops/concat.h>
#include <sluice/ops/random.h>
#include <sluice/ops/slice.h>
#include <sluice/ops/tanh.h>
#include <sluice/nn/wrapping.inl>

#include <fmt/format.h>

#include <utility>

namespace sluice::nn {

namespace {

constexpr const char* decoder_name = "attention_decoder";

/// The inputs of the decoder: those of its cell but for what is fed.
Index inputs_beside(const Part<Cell>& cell, Index fed, Location where) {
  const Index inputs = detail::wrapped(decoder_name, cell, where)->inputs() - fed;
  if (inputs >= 1) return inputs;
  throw Error(
      fmt::format(
          "[attention_decoder] the cell takes x and the {} numbers that are fed back: got a cell of {} "
          "inputs; make it with as many inputs more as x has",
          fed, inputs + fed),
      where);
}

Index fed_of(const Part<Cell>& cell, Index key_size, const AttentionDecoderOptions& options, Location where) {
  return options.attentional ? detail::wrapped(decoder_name, cell, where)->hidden() : key_size;
}

std::vector<Index> decoder_sizes(const Part<Cell>& cell, Index key_size,
                                 const AttentionDecoderOptions& options, Location where) {
  const Index hidden = detail::wrapped(decoder_name, cell, where)->hidden();
  std::vector<Index> sizes{options.attentional ? hidden : hidden + key_size};
  for (const Index size : cell->state_sizes()) sizes.push_back(size);
  return sizes;
}

State cell_part(const State& s) { return State(Tensors(s.parts.begin() + 1, s.parts.end())); }

State with_output(const Tensor& output, const State& cell_state) {
  Tensors parts{output};
  parts.insert(parts.end(), cell_state.parts.begin(), cell_state.parts.end());
  return State(std::move(parts));
}

}  // namespace

AttentionDecoder::AttentionDecoder(Part<Cell> inner, Index key_size, const Tensor& key,
                                   const AttentionDecoderOptions& options, Location where)
    : ContextCell(inputs_beside(inner, fed_of(inner, key_size, options, where), where.of_call(decoder_name)),
                  decoder_sizes(inner, key_size, options, where), where.of_call(decoder_name)),
      attention(inner->hidden(), key_size,
                key.defined() ? random::fold_in({key, where.of_call(decoder_name)}, 0) : key,
                options.attention, where),
      inner_(std::move(inner)),
      fed_(fed_of(inner_, key_size, options, where)) {
  if (!options.attentional) return;
  const sluice::detail::Call call(decoder_name, where);
  LinearOptions linear;
  linear.bias = options.bias;
  linear.init = options.attention.init;
  linear.dtype = options.attention.dtype;
  combine.emplace(inner_->hidden() + key_size, inner_->hidden(), random::fold_in({key, Location{}}, 1),
                  linear, Location{});
}

Tensors AttentionDecoder::prepare(const Tensor& keys, const AttentionCall& call, Location where) const {
  return attention.prepare(keys, keys, call, where);
}

State AttentionDecoder::begin(const State& cell_state, Location where) const {
  const sluice::detail::Call call(decoder_name, where);
  const std::vector<Index>& sizes = detail::held(decoder_name, inner_).state_sizes();
  bool fits = cell_state.parts.size() == sizes.size();
  for (std::size_t i = 0; fits && i < sizes.size(); ++i) {
    const Tensor& part = cell_state.parts[i];
    fits = part.defined() && part.rank() == 2 && part.dim(1) == sizes[i] &&
           part.dim(0) == cell_state.parts[0].dim(0) && part.dtype() == cell_state.parts[0].dtype();
  }
  if (!fits) {
    std::string wanted;
    for (const Index size : sizes) wanted += fmt::format("{}[batch, {}]", wanted.empty() ? "" : ", ", size);
    throw ShapeError(fmt::format(
        "[attention_decoder] begins from a state of its cell, {}: got {}; pass one state of these "
        "sizes, such as the last of an encoder with as many units",
        wanted, detail::specs_text(cell_state.parts)));
  }
  const Tensor& first = cell_state.parts[0];
  return with_output(zeros({first.dim(0), hidden()}, first.dtype()), cell_state);
}

State AttentionDecoder::start(Index batch, DType dtype) const {
  const Cell& cell = detail::held(decoder_name, inner_);  // first, since a decoder without one has no sizes
  return with_output(zeros({batch, hidden()}, dtype), cell.initial(batch, dtype));
}

State AttentionDecoder::step_in(const Tensor& x, const State& s, const StepContext& context) const {
  const Cell& cell = detail::held(decoder_name, inner_);
  // The end of the output is the context, or all of it where it is the attentional vector.
  const Tensor fed = slice(s.output(), -1, hidden() - fed_, hidden());
  const State next = cell(concat({x, fed}, -1), cell_part(s), context);
  const Attended seen = attention.attend(next.output(), context.extra);
  const Tensor both = concat({next.output(), seen.context()}, -1);
  return with_output(combine ? tanh((*combine)(both)) : both, next);
}

std::vector<RecurrentWeight> AttentionDecoder::recurrent_weights() const {
  return detail::held(decoder_name, inner_).recurrent_weights();
}

const Cell& AttentionDecoder::inner(Location where) const {
  return detail::held(decoder_name, inner_, where);
}

void AttentionDecoder::members(const Members& m) const {
  m("inner", inner_);
  m("attention", attention);
  if (combine) m("combine", *combine);
}

}  // namespace sluice::nn

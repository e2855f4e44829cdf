#include <sluice/graph/arithmetic.h>
#include <sluice/nn/attention.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/sequence_mask.h>
#include <sluice/ops/softmax.h>
#include <sluice/ops/tanh.h>
#include <sluice/ops/transpose.h>
#include <sluice/ops/where.h>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <string>

namespace sluice::nn {

namespace {

constexpr const char* attention_name = "attention";

std::string spec_or_none(const Tensor& x) { return x.defined() ? x.spec().text() : "an undefined tensor"; }

/// Throws ShapeError unless x is [time, batch, size]; a size of -1 is any.
void require_steps(const Tensor& x, const char* what, Index size) {
  const bool fits = x.defined() && x.rank() == 3 && is_floating(x.dtype());
  if (fits && (size < 0 || x.dim(2) == size)) return;
  throw ShapeError(
      fmt::format("[attention] takes {} [time, batch, {}]: got {}; time is axis 0, and the last axis is the "
                  "size it was made for",
                  what, size < 0 ? "width" : std::to_string(size), spec_or_none(x)));
}

/// Throws ShapeError unless keys and values have one dtype, that of the weights if there are any.
void require_dtype(const Tensor& x, const char* what, DType dtype) {
  if (x.dtype() == dtype) return;
  throw ShapeError(
      fmt::format("[attention] queries, keys, values and weights have one dtype, here {}: got {} "
                  "{}; cast them, or make the layer of their dtype",
                  name_of(dtype), what, x.spec().text()));
}

/// Which keys are there, bool[time_k, batch]; undefined if all are.
Tensor keys_there(const Tensor& keys, const AttentionCall& call) {
  const Index time = keys.dim(0), batch = keys.dim(1);
  Tensor there = call.mask;
  if (there.defined() && there.spec() != Spec{DType::boolean, {time, batch}}) {
    throw ShapeError(fmt::format(
        "[attention] the mask says of each key whether it is there, bool[{}, {}] for keys {}: got "
        "{}; pass one bool for each step and sequence",
        time, batch, keys.spec().text(), there.spec().text()));
  }
  if (!call.lengths.defined()) return there;
  if (call.lengths.spec() != Spec{DType::int32, {batch}}) {
    throw ShapeError(fmt::format(
        "[attention] takes one length per sequence of keys, i32[{}] for keys {}: got {}; pass the "
        "number of steps of each",
        batch, keys.spec().text(), call.lengths.spec().text()));
  }
  const Tensor within = sequence_mask(call.lengths, time);
  return there.defined() ? logical_and(there, within) : within;
}

/// x where a key is there, else zero: in a product, a NaN times a weight of zero would be NaN.
Tensor only_there(const Tensor& x, const Tensor& there) {
  return there.defined() ? where(expand_dims(there, -1), x, zeros({}, x.dtype())) : x;
}

/// A masked score: the softmax makes an exact zero of it beside any other. Not minus infinity, for a row of
/// those is NaN.
Tensor least_score(DType dtype) {
  const double least = dtype == DType::float64 ? std::numeric_limits<double>::lowest()
                                               : double{std::numeric_limits<float>::lowest()};
  return full({}, least, dtype);
}

/// x [time, batch, n] <-> [batch, time, n].
Tensor swap_time_and_batch(const Tensor& x) { return transpose(x, {1, 0, 2}); }

}  // namespace

Attention::Attention(Index query_size, Index key_size, const Tensor& key, const AttentionOptions& options,
                     Location where)
    : query_size_(query_size), key_size_(key_size), score_(options.score), scaled_(options.scaled) {
  const sluice::detail::Call call(attention_name, where);
  const bool additive = score_ == AttentionScore::additive;
  if (query_size < 1 || key_size < 1 || options.units < 0) {
    throw Error(
        fmt::format("[attention] sizes are at least 1: got queries of {}, keys of {} and {} units; pass "
                    "positive sizes, and 0 units for as many as a query has",
                    query_size, key_size, options.units));
  }
  if (score_ == AttentionScore::dot && query_size != key_size) {
    throw Error(
        fmt::format("[attention] a dot score is the product of a query and a key of one size: got queries of "
                    "{} and keys of {}; make them equal, or take a general score",
                    query_size, key_size));
  }
  if (!additive && options.units > 0) {
    throw Error(fmt::format(
        "[attention] units are those of an additive score: got {} for another; leave them 0", options.units));
  }
  if (additive && options.scaled) {
    throw Error(
        "[attention] only dot and general scores are scaled: got `scaled` for an additive one; leave it out");
  }
  size_ = additive && options.units > 0 ? options.units : query_size;
  if (score_ == AttentionScore::dot) return;
  const auto first = [&](const Shape& shape, int use) {
    const double bound = 1 / std::sqrt(static_cast<double>(shape[0]));
    const Tensor own = random::fold_in({key, Location{}}, use);
    const init::Initializer init = options.init ? options.init : init::uniform(-bound, bound);
    return Variable(init::first_value(init, shape, own, options.dtype));
  };
  key_weight = first({key_size, size_}, 0);
  if (!additive) return;
  query_weight = first({query_size, size_}, 1);
  score_weight = Variable(reshape(first({size_, 1}, 2), Shape{size_}));  // initialisers ask for a matrix
}

Attended Attention::operator()(const Tensor& queries, const Tensor& keys, const Tensor& values,
                               const AttentionCall& call, Location where) const {
  const sluice::detail::Call under_way(attention_name, where);
  require_steps(queries, "queries", query_size_);
  AttentionCall of_keys = call;
  of_keys.causal = false;
  const Tensors memory = prepare(keys, values, of_keys);
  require_memory(queries, memory);
  if (call.causal && queries.dim(0) != keys.dim(0)) {
    throw ShapeError(fmt::format(
        "[attention] a causal query sees the keys up to its own step, so there are as many keys as "
        "queries: got {} and {}; pass one sequence as both",
        keys.spec().text(), queries.spec().text()));
  }
  return look(queries, memory, call.causal);
}

Tensors Attention::prepare(const Tensor& keys, const Tensor& values, const AttentionCall& call,
                           Location where) const {
  const sluice::detail::Call under_way(attention_name, where);
  if (score_ != AttentionScore::dot) detail::require_made(attention_name, key_weight);
  require_steps(keys, "keys", key_size_);
  require_steps(values, "values", -1);
  if (values.dim(0) != keys.dim(0) || values.dim(1) != keys.dim(1)) {
    throw ShapeError(
        fmt::format("[attention] there is one value for each key: got keys {} and values {}; pass as many "
                    "steps and sequences of both",
                    keys.spec().text(), values.spec().text()));
  }
  if (call.causal) {
    throw Error(
        "[attention] only a call over whole sequences is causal: got `causal` in prepare, which knows no "
        "queries; mask the keys instead");
  }
  const DType dtype = key_weight.defined() ? key_weight.dtype() : keys.dtype();
  require_dtype(keys, "keys", dtype);
  require_dtype(values, "values", dtype);

  const Tensor there = keys_there(keys, call);
  const Tensor clean_keys = only_there(keys, there);
  const Tensor clean_values = values.is(keys) ? clean_keys : only_there(values, there);
  const Tensor projected = key_weight.defined() ? matmul(clean_keys, key_weight) : clean_keys;
  const Shape by_batch{keys.dim(1), keys.dim(0)};
  return {swap_time_and_batch(projected), swap_time_and_batch(clean_values),
          there.defined() ? transpose(there) : ones(by_batch, DType::boolean)};
}

Attended Attention::attend(const Tensor& query, const Tensors& memory, Location where) const {
  const sluice::detail::Call call(attention_name, where);
  if (score_ == AttentionScore::additive) detail::require_made(attention_name, query_weight);
  if (query.defined() && query.rank() == 3) {
    require_steps(query, "queries", query_size_);
    require_memory(query, memory);
    return look(query, memory, false);
  }
  if (!query.defined() || query.rank() != 2 || query.dim(1) != query_size_ || !is_floating(query.dtype())) {
    throw ShapeError(
        fmt::format("[attention] takes a query [batch, {}], or several [time, batch, {}]: got {}; pass what "
                    "attends, such as the output of a cell",
                    query_size_, query_size_, spec_or_none(query)));
  }
  const Tensor one = expand_dims(query, 0);
  require_memory(one, memory);
  const Attended seen = look(one, memory, false);
  const auto only = [](const Tensor& x) { return reshape(x, Shape{x.dim(1), x.dim(2)}); };
  return {only(seen), only(seen.weights)};
}

Attended Attention::look(const Tensor& queries, const Tensors& memory, bool causal) const {
  const Tensor& values = memory[1];
  Tensor there = expand_dims(memory[2], 1);  // [batch, 1, time_k]
  if (causal) {
    const Tensor steps = arange(queries.dim(0));
    there = logical_and(there, expand_dims(steps, 1) >= expand_dims(steps, 0));
  }
  const Tensor fit =
      where(there, scores(swap_time_and_batch(queries), memory[0]), least_score(values.dtype()));
  // Where nothing is there, all scores are equal, and the softmax would share the weight among them.
  const Tensor weights = where(there, softmax(fit, -1), zeros({}, values.dtype()));
  return {swap_time_and_batch(matmul(weights, values)), swap_time_and_batch(weights)};
}

/// Of queries [batch, time_q, query_size] and prepared keys [batch, time_k, n]: [batch, time_q, time_k].
Tensor Attention::scores(const Tensor& queries, const Tensor& keys) const {
  if (score_ == AttentionScore::additive) {
    const Tensor asked = matmul(queries, query_weight);
    return matmul(tanh(expand_dims(asked, 2) + expand_dims(keys, 1)), score_weight);
  }
  const double scale = scaled_ ? 1 / std::sqrt(static_cast<double>(query_size_)) : 1;
  return matmul(scaled_ ? queries * scale : queries, keys, {.transpose_b = true});
}

void Attention::require_memory(const Tensor& query, const Tensors& memory) const {
  const bool complete =
      memory.size() >= 3 && memory[0].defined() && memory[1].defined() && memory[2].defined();
  const auto fits = [&] {
    const Tensor& keys = memory[0];
    const Tensor& values = memory[1];
    if (keys.rank() != 3 || keys.dim(0) != query.dim(1) || keys.dim(2) != size_) return false;
    const Shape by_batch{keys.dim(0), keys.dim(1)};
    return values.rank() == 3 && values.dim(0) == by_batch[0] && values.dim(1) == by_batch[1] &&
           memory[2].spec() == Spec{DType::boolean, by_batch};
  };
  if (!complete || !fits()) {
    std::string got;
    for (const Tensor& part : memory) got += (got.empty() ? "" : ", ") + spec_or_none(part);
    throw ShapeError(fmt::format(
        "[attention] a memory for queries {} is keys [{}, time, {}], values [{}, time, width] and bool[{}, "
        "time]: got {}; pass what prepare returns for this batch, as the first of the extra tensors",
        query.spec().text(), query.dim(1), size_, query.dim(1), query.dim(1), got.empty() ? "nothing" : got));
  }
  require_dtype(query, "queries", memory[0].dtype());
  require_dtype(memory[1], "values", memory[0].dtype());
}

void Attention::members(const Members& m) const {
  if (query_weight.defined()) m("query_weight", query_weight);
  if (key_weight.defined()) m("key_weight", key_weight);
  if (score_weight.defined()) m("score_weight", score_weight);
}

}  // namespace sluice::nn

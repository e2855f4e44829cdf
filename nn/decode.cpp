#include <sluice/graph/arithmetic.h>
#include <sluice/nn/decode.h>
#include <sluice/ops/argmax.h>
#include <sluice/ops/broadcast_to.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/log_softmax.h>
#include <sluice/ops/logical.h>
#include <sluice/ops/pow.h>
#include <sluice/ops/repeat.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sort.h>
#include <sluice/ops/squeeze.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/take.h>
#include <sluice/ops/take_along_axis.h>
#include <sluice/ops/transpose.h>
#include <sluice/ops/where.h>
#include <sluice/nn/wrapping.inl>

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <utility>

namespace sluice::nn {

namespace {

constexpr double impossible = -std::numeric_limits<double>::infinity();

Tensors parts_of(const States& states) {
  Tensors all;
  for (const State& state : states) all.insert(all.end(), state.parts.begin(), state.parts.end());
  return all;
}

/// States of as many parts as `like` has.
States states_of(const Tensors& parts, const States& like) {
  States states;
  auto next = parts.begin();
  for (const State& one : like) {
    const auto end = next + static_cast<std::ptrdiff_t>(one.parts.size());
    states.emplace_back(Tensors(next, end));
    next = end;
  }
  return states;
}

/// The number of sequences. Throws Error unless all parts have it as axis 0.
Index batch_of(const char* who, const States& initial) {
  const Tensors parts = parts_of(initial);
  bool fits = !parts.empty();
  for (const Tensor& part : parts) {
    fits = fits && part.defined() && part.rank() >= 1 && part.dim(0) == parts[0].dim(0);
  }
  if (fits) return parts[0].dim(0);
  throw Error(fmt::format(
      "[{}] a decoder carries states with a row for each sequence: got {}; pass initial(batch) of "
      "its layers, or a tensor [batch, 1] for a decoder without states",
      who, detail::specs_text(parts)));
}

void require_most(const char* who, Index most) {
  if (most >= 1 && most <= std::numeric_limits<std::int32_t>::max()) return;
  throw Error(
      fmt::format("[{}] a search has at least one step: got most = {}; pass how many ids a sequence "
                  "may have, its end included",
                  who, most));
}

void require_class(const char* who, const char* what, std::int32_t id, Index classes) {
  if (id >= 0 && id < classes) return;
  throw Error(fmt::format("[{}] ids are in [0, {}), the classes of the decoder: got {} = {}; pass its id",
                          who, classes, what, id));
}

/// The dtype of the search, which its carries have before the first step is traced.
DType dtype_of_states(const States& states) {
  for (const Tensor& part : parts_of(states)) {
    if (is_floating(part.dtype())) return part.dtype();
  }
  return DType::float32;
}

/// One step, with what it returns checked: log_probs [rows, classes].
DecodeStep checked(const char* who, const DecodeFunction& step, const Tensor& ids, const States& states,
                   std::int32_t start, std::int32_t end) {
  DecodeStep next = step(ids, states);
  const Tensor& scores = next.log_probs;
  const Index rows = ids.dim(0);
  if (!scores.defined() || scores.rank() != 2 || scores.dim(0) != rows || scores.dim(1) < 1 ||
      scores.dtype() != dtype_of_states(states)) {
    throw ShapeError(fmt::format(
        "[{}] a step returns log probabilities {}[{}, classes], of the dtype of the states and a row for "
        "each id: got {}; cast them, and give what is read from outside a row for each beam by repeat_rows",
        who, name_of(dtype_of_states(states)), rows, detail::specs_text({scores})));
  }
  const Tensors before = parts_of(states), after = parts_of(next.states);
  bool fits = next.states.size() == states.size() && before.size() == after.size();
  for (std::size_t i = 0; fits && i < before.size(); ++i) {
    fits = after[i].defined() && after[i].spec() == before[i].spec();
  }
  if (!fits) {
    throw ShapeError(fmt::format(
        "[{}] a step returns states like those it is given, {}: got {}; return all of them, in their order",
        who, detail::specs_text(before), detail::specs_text(after)));
  }
  require_class(who, "start", start, scores.dim(1));
  require_class(who, "end", end, scores.dim(1));
  return next;
}

/// a where the condition holds, else b: functions below have a parameter of the name.
Tensor choose(const Tensor& condition, const Tensor& a, const Tensor& b) { return where(condition, a, b); }

/// What the sum of the log probabilities of n ids is divided by.
Tensor penalty_of(const Tensor& n, const BeamOptions& options, DType dtype) {
  const Tensor count = cast(n, dtype);
  return pow(options.penalty == LengthPenalty::gnmt ? (count + 5) / 6 : count, options.alpha);
}

/// The number of ids before the end, over the last axis, which is time.
Tensor lengths_of(const Tensor& ids, std::int32_t end) { return sum(cast(ids != end, DType::int32), -1); }

/// Elements of x [batch, beams] for each beam.
Tensor pick(const Tensor& x, const Tensor& beams) { return take_along_axis(x, beams, 1); }

}  // namespace

DecodeFunction decode_function(Part<SequenceLayer> layers, std::function<Tensor(const Tensor&)> embed,
                               std::function<Tensor(const Tensor&)> head, Tensors extra, Location where) {
  detail::wrapped("decode_function", layers, where);
  if (!embed || !head) {
    throw Error(
        fmt::format("[decode_function] ids become vectors, and outputs scores of the classes: got an empty "
                    "function as {}; pass a module, or a function of a tensor",
                    embed ? "head" : "embed"),
        where);
  }
  return [layers = std::move(layers), embed = std::move(embed), head = std::move(head),
          extra = std::move(extra)](const Tensor& ids, const States& states) {
    const Sequence now = layers->step(embed(ids), states, {.extra = extra});
    return DecodeStep{log_softmax(head(now), -1), now.state};
  };
}

Decoded greedy_search(const DecodeFunction& step, const States& initial, const GreedyOptions& options,
                      Location where) {
  constexpr const char* who = "greedy_search";
  const sluice::detail::Call call(who, where);
  const Index batch = batch_of(who, initial);
  require_most(who, options.most);
  const Tensor first = full({batch}, options.start, DType::int32);
  Tensors carry{first, zeros({batch}, dtype_of_states(initial)), zeros({batch}, DType::boolean)};
  const auto own = static_cast<std::ptrdiff_t>(carry.size());
  const Tensors parts = parts_of(initial);
  carry.insert(carry.end(), parts.begin(), parts.end());

  const auto body = [&](const Tensors& c, const Tensors&) -> Carried {
    const Tensor& ended = c[2];
    const States states = states_of(Tensors(c.begin() + own, c.end()), initial);
    const DecodeStep next = checked(who, step, c[0], states, options.start, options.end);
    const Tensor best = argmax(next.log_probs, -1);
    const Tensor gain = squeeze(take_along_axis(next.log_probs, expand_dims(best, 1), 1), 1);
    const Tensor id = choose(ended, full({}, options.end, DType::int32), best);
    Tensors after{id, c[1] + choose(ended, zeros({}, gain.dtype()), gain),
                  logical_or(ended, id == options.end)};
    const Tensors moved = parts_of(next.states);
    after.insert(after.end(), moved.begin(), moved.end());
    return {after, {id}};
  };
  const Carried run = scan(body, carry, {}, {.length = options.most});
  const Tensor ids = transpose(run.ys[0]);
  return {ids, lengths_of(ids, options.end), run.carry[1]};
}

Decoded beam_search(const DecodeFunction& step, const States& initial, const BeamOptions& options,
                    Location where) {
  constexpr const char* who = "beam_search";
  const sluice::detail::Call call(who, where);
  const Index batch = batch_of(who, initial);
  const Index beams = options.beams;
  require_most(who, options.most);
  if (beams < 1 || !(options.alpha >= 0) || std::isinf(options.alpha)) {
    throw Error(fmt::format(
        "[beam_search] there is at least one beam, and the exponent of the penalty is not negative: "
        "got {} beams and alpha {}; 4 and 0.6 are usual",
        beams, options.alpha));
  }
  const DType dtype = dtype_of_states(initial);
  const Shape shape{batch, beams};
  // Sequences have the same beginning, so that there is one of each; the other beams wait for its branches.
  const Tensor alone = choose(arange(beams) == 0, zeros({}, dtype), full({}, impossible, dtype));
  Tensors carry{full(shape, options.start, DType::int32), broadcast_to(alone, shape),
                zeros(shape, DType::int32), zeros(shape, DType::boolean)};
  const auto own = static_cast<std::ptrdiff_t>(carry.size());
  const Tensors parts = repeat_rows(parts_of(initial), beams);
  carry.insert(carry.end(), parts.begin(), parts.end());
  const Tensor first_row = expand_dims(arange(batch) * static_cast<int>(beams), 1);

  const auto body = [&](const Tensors& c, const Tensors&) -> Carried {
    const Tensor &scores = c[1], &ended = c[3];
    const States states = states_of(Tensors(c.begin() + own, c.end()), initial);
    const Tensor last = reshape(c[0], Shape{batch * beams});
    const DecodeStep next = checked(who, step, last, states, options.start, options.end);
    const Index classes = next.log_probs.dim(1);
    // What has ended goes on with the end only, at no cost.
    const Tensor stays =
        choose(arange(classes) == options.end, zeros({}, dtype), full({}, impossible, dtype));
    const Tensor gains =
        choose(expand_dims(ended, 2), stays, reshape(next.log_probs, Shape{batch, beams, classes}));
    const Tensor sums = expand_dims(scores, 2) + gains;
    const Tensor counts = c[2] + cast(logical_not(ended), DType::int32);
    const Tensor ranked =
        options.alpha == 0 ? sums : sums / expand_dims(penalty_of(counts, options, dtype), 2);

    const Shape all{batch, beams * classes};
    const Tensor best = top_k(reshape(ranked, all), beams, 1).ids;
    const Tensor from = best / static_cast<int>(classes);
    const Tensor id = best - from * static_cast<int>(classes);
    Tensors after{id, pick(reshape(sums, all), best), pick(counts, from),
                  logical_or(pick(ended, from), id == options.end)};
    const Tensor rows = reshape(from + first_row, Shape{batch * beams});
    for (const Tensor& part : parts_of(next.states)) after.push_back(take(part, rows, 0));
    return {after, {id, from}};
  };
  const Carried run = scan(body, carry, {}, {.length = options.most});

  // The sequences end in beams 0, 1, ...; each step knows from which beam of the step before they came.
  const auto back = [](const Tensors& c, const Tensors& x) -> Carried {
    return {{pick(x[1], c[0])}, {pick(x[0], c[0])}};
  };
  const Tensor ends = broadcast_to(arange(beams), shape);
  const Tensor path = scan(back, {ends}, run.ys, {.reverse = true}).ys[0];
  const Tensor& sums = run.carry[1];
  // What stands in beams without a sequence is an accident of the ranking.
  const Tensor ids = choose(expand_dims(sums != impossible, 2), transpose(path, {1, 2, 0}),
                            full({}, options.end, DType::int32));
  return {ids, lengths_of(ids, options.end),
          options.alpha == 0 ? sums : sums / penalty_of(run.carry[2], options, dtype)};
}

Tensors repeat_rows(const Tensors& xs, Index times, Location where) {
  const sluice::detail::Call call("repeat_rows", where);
  Tensors repeated;
  for (const Tensor& x : xs) repeated.push_back(repeat({x, Location{}}, times, 0));
  return repeated;
}

}  // namespace sluice::nn

#include <sluice/graph/arithmetic.h>
#include <sluice/nn/embedding.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/expand_dims.h>
#include <sluice/ops/matmul.h>
#include <sluice/ops/random.h>
#include <sluice/ops/stop_gradient.h>
#include <sluice/ops/take.h>
#include <sluice/ops/where.h>
#include <sluice/nn/wrapping.inl>

#include <fmt/format.h>

namespace sluice::nn {

namespace {

/// Which ids of a table are the one of padding: bool[count, 1].
Tensor padding_rows(Index count, Index padding) {
  return expand_dims(equal(arange(count), static_cast<std::int32_t>(padding)), -1);
}

}  // namespace

Embedding::Embedding(Index count, Index size, const Tensor& key, const EmbeddingOptions& options,
                     Location where)
    : padding_idx_(options.padding_idx), dropout_(options.dropout) {
  const sluice::detail::Call call("embedding", where);
  if (count < 1 || size < 1) {
    throw Error(fmt::format(
        "[embedding] sizes are at least 1: got {} ids and vectors of {}; pass positive sizes", count, size));
  }
  if (padding_idx_ && (*padding_idx_ < 0 || *padding_idx_ >= count)) {
    throw Error(fmt::format(
        "[embedding] the id of padding is one of the table, in 0..{}: got {}; choose one of these", count - 1,
        *padding_idx_));
  }
  detail::require_drop_rate("embedding", dropout_, where);
  Tensor first =
      init::first_value(options.init ? options.init : init::normal(), {count, size}, key, options.dtype);
  if (padding_idx_) first = sluice::where(padding_rows(count, *padding_idx_), zeros_like(first), first);
  weight = Variable(first);
}

Tensor Embedding::dropped(const Tensor& y, const Tensor& ids, const Tensor& key) const {
  const Tensor& drawn_by = detail::key_in_training("embedding", key, dropout_);
  const Tensor kept = random::bernoulli(drawn_by, 1 - dropout_, {weight.shape()[0]});
  return detail::drop(y, expand_dims(take(kept, ids, 0), -1), dropout_);
}

Tensor Embedding::operator()(const Tensor& ids, const EmbeddingCall& options, Location where) const {
  const sluice::detail::Call call("embedding", where);
  detail::require_made("embedding", weight);
  if (!ids.defined() || ids.dtype() != DType::int32) {
    throw ShapeError(
        fmt::format("[embedding] takes ids i32[...] for its weight {}: got {}; cast the ids to int32",
                    weight.spec().text(), ids.defined() ? ids.spec().text() : "an undefined tensor"));
  }
  Tensor y = take(weight, ids, 0);
  if (padding_idx_) {
    const Tensor padding = expand_dims(equal(ids, static_cast<std::int32_t>(*padding_idx_)), -1);
    y = sluice::where(padding, stop_gradient(y), y);
  }
  return options.mode == Mode::evaluate || dropout_ == 0 ? y : dropped(y, ids, options.key);
}

Tensor Embedding::scores(const Tensor& h, Location where) const {
  const sluice::detail::Call call("embedding", where);
  detail::require_made("embedding", weight);
  if (!h.defined() || h.rank() < 1 || h.dim(-1) != weight.shape()[1] || h.dtype() != weight.dtype()) {
    throw ShapeError(
        fmt::format("[embedding] scores take vectors {}[..., {}], as long as those of its weight {}: got {}; "
                    "project or cast them",
                    name_of(weight.dtype()), weight.shape()[1], weight.spec().text(),
                    h.defined() ? h.spec().text() : "an undefined tensor"));
  }
  Tensor table = weight;
  if (padding_idx_)
    table = sluice::where(padding_rows(table.dim(0), *padding_idx_), stop_gradient(table), table);
  return matmul(h, table, {.transpose_b = true});
}

void Embedding::members(const Members& m) const { m("weight", weight); }

}  // namespace sluice::nn

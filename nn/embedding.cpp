#include <sluice/nn/embedding.h>
#include <sluice/ops/take.h>

#include <fmt/format.h>

namespace sluice::nn {

Embedding::Embedding(Index count, Index size, const Tensor& key, const EmbeddingOptions& options,
                     Location where) {
  const sluice::detail::Call call("embedding", where);
  if (count < 1 || size < 1) {
    throw Error(fmt::format(
        "[embedding] sizes are at least 1: got {} ids and vectors of {}; pass positive sizes", count, size));
  }
  weight = Variable(
      init::first_value(options.init ? options.init : init::normal(), {count, size}, key, options.dtype));
}

Tensor Embedding::operator()(const Tensor& ids, Location where) const {
  const sluice::detail::Call call("embedding", where);
  detail::require_made("embedding", weight);
  if (!ids.defined() || ids.dtype() != DType::int32) {
    throw ShapeError(
        fmt::format("[embedding] takes ids i32[...] for its weight {}: got {}; cast the ids to int32",
                    weight.spec().text(), ids.defined() ? ids.spec().text() : "an undefined tensor"));
  }
  return take(weight, ids, 0);
}

void Embedding::members(const Members& m) const { m("weight", weight); }

}  // namespace sluice::nn

// Calls of all public ops. A new op gets one line here.

#include "author.h"

#include <sluice/graph/grad.h>
#include <sluice/ops/ops.h>
#include <sluice/ops/reduce.h>

#include <iterator>

namespace sluice::fuzz {

namespace {

/// An op that programs take apart.
struct Gated final : Formula<Gated, 1> {
  static constexpr std::string_view id = "gated";
  static Tensor formula(const Tensor& x) { return where(x > 0, sqrt(x), x * sigmoid(x)); }
};
Tensor gated(const Operand& x) { return make<Gated>(x); }
Tensor tapped(const Operand& x) {
  return tap(x, "x", [](const Tapped&) {});
}

using Unary = Tensor (*)(const Operand&);
using Binary = Tensor (*)(const Operand&, const Operand&);
using Reduction = Tensor (*)(const Operand&, const Axes&, bool);

constexpr Unary smooth_functions[] = {tanh, sigmoid, operator-,     square,     sin,
                                      cos,  erf,     softplus,      silu,       expm1,
                                      exp,  flatten, stop_gradient, log_sigmoid};
constexpr Unary functions[] = {abs,   gated, ceil, diag,   diag_embed,  diagonal, floor, isfinite,
                               isinf, isnan, log,  log1p,  logical_not, norm,     relu,  round,
                               rsqrt, sign,  sqrt, tapped, transpose,   trunc};
constexpr Binary smooth_arithmetic[] = {&operator+, &operator-, &operator* };
constexpr Binary arithmetic[] = {
    &operator/, &operator<,  &operator<=, &operator>,  &operator>=,     maximum,   minimum, pow,  equal,
    not_equal,  logical_and, logical_or,  logical_xor, multiply_no_nan, remainder, fmod,    outer};
constexpr Reduction reductions[] = {sum, mean, prod, max, min, any, all};

template <class T, std::size_t n>
T chosen(Author& a, const T (&list)[n]) {
  return list[a.below(n)];
}

Tensor same_dtype(Author& a, const Tensor& x) { return a.any(x.dtype()); }

Axes axes(Author& a, Index rank) {
  if (a.flag()) return a.axis(rank);
  if (a.flag()) return {};
  std::vector<Index> list(a.below(3));
  for (Index& axis : list) axis = a.axis(rank);
  return list;
}

/// A size near one that fits.
Index near(Author& a, Index fitting) { return a.below(8) == 7 ? a.index() : fitting; }

Tensor reshaped(Author& a) {
  const Tensor x = a.any();
  if (a.below(4) == 3) return reshape(x, a.shape());
  if (x.rank() == 0 || a.flag()) return a.flag() ? flatten(x) : reshape(x, {1, x.size(), 1});
  const Index axis = static_cast<Index>(a.below(static_cast<std::size_t>(x.rank())));
  if (a.flag()) return reshape(x, {-1, x.dim(axis)});
  return reshape(x, x.shape().inserted(axis, 1));
}

Tensor sliced(Author& a) {
  const Tensor x = a.any();
  if (a.flag()) return slice(x, a.axis(x.rank()), a.index(), a.flag() ? a.index() : Range::to_end, a.index());
  std::vector<Range> ranges(a.below(4));
  for (Range& range : ranges) range = {a.index(), a.index(), a.index()};
  return slice(x, ranges);
}

Tensor padded(Author& a) {
  const Tensor x = a.any();
  std::vector<Padding> paddings(a.below(4));
  for (Padding& padding : paddings) padding = {a.index(), a.index()};
  return pad(x, paddings, a.flag() ? 0 : a.number());
}

Tensor transposed(Author& a) {
  const Tensor x = a.any();
  std::vector<Index> order;
  for (Index i = 0; i < x.rank(); ++i) order.push_back(i);
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[a.below(i)]);
  if (!order.empty() && a.below(8) == 7) order[0] = a.index();
  return transpose(x, order);
}

Tensor product(Author& a) {
  const Tensor x = a.floating();
  if (a.flag()) return matmul(x, same_dtype(a, x), {a.flag(), a.flag()});
  const Index inner = x.rank() == 0 ? 1 : x.dim(-1);
  return matmul(x, a.constant(x.dtype(), Shape{inner, static_cast<Index>(a.below(5))}));
}

Tensor chosen_elements(Author& a) {
  const Tensor x = a.any();
  return where(a.any(DType::boolean), x, a.flag() ? Operand(same_dtype(a, x)) : Operand(a.number()));
}

/// Whether a matrix is refused must not depend on rounding, so those that may be are constants.
Tensors linear_algebra(Author& a) {
  const Tensor x = a.floating();
  const Index n = near(a, x.rank() < 2 ? x.size() : x.dim(-2));
  const Tensor matrix = a.constant(x.dtype(), a.flag() ? Shape{n, n} : Shape{2, n, n});
  switch (a.below(5)) {
    default:
      return {solve(matrix, x, {a.flag(), a.flag()})};
    case 1:
      return {solve_triangular(a.flag() ? x : matrix, x, {a.flag(), a.flag(), a.flag()})};
    case 2:
      return {cholesky(matrix)};
    case 3:
      return {inverse(matrix)};
    case 4:
      return {logdet(matrix, {a.flag()}), slogdet(matrix).sign};
  }
}

Tensor convolution(Author& a) {
  const Tensor x = a.floating();
  const Index steps = x.rank() == 0 ? 1 : x.dim(0);
  const Tensor sequence = a.flag() ? x : reshape(x, {steps, 1, steps == 0 ? 1 : x.size() / steps});
  const Index in = sequence.rank() == 0 ? 1 : sequence.dim(-1);
  const Index groups = a.flag() ? 1 : near(a, in);
  const Shape w{near(a, 2), groups < 1 ? 1 : in / groups, groups * static_cast<Index>(a.below(4))};
  const auto padding = static_cast<ConvPadding>(a.below(3));
  return conv1d(sequence, a.constant(x.dtype(), w), {padding, near(a, 1), near(a, 1), groups});
}

Tensors over_time(Author& a) {
  const Tensor x = a.floating();
  const Tensor lengths = a.any(DType::int32);
  switch (a.below(5)) {
    default:
      return {mean_over_time(x, lengths)};
    case 1:
      return {max_over_time(x, lengths)};
    case 2:
      return {last_step(x, lengths)};
    case 3:
      return {max_pool(x, a.index(), {a.index()}), mean_pool(x, a.index(), {a.index()})};
    case 4:
      return {pooled_lengths(lengths, a.index(), {a.index()})};
  }
}

/// CTC of sequences whose lengths fit, or not.
Tensor aligned(Author& a) {
  const Tensor x = a.floating();
  const Tensor logits =
      x.rank() == 3 || a.below(8) == 7 ? x : reshape(x, {-1, 1, x.rank() == 0 ? 1 : x.dim(-1)});
  const Index batch = logits.rank() < 2 ? 1 : logits.dim(1);
  const auto numbers = [&](const Shape& shape) {
    return a.flag() ? a.any(DType::int32) : clamp(a.constant(DType::int32, shape), 0, 3);
  };
  const Tensor targets = numbers({batch, static_cast<Index>(a.below(4))});
  return ctc_loss(logits, targets, numbers({batch}), numbers({batch}),
                  {.blank = a.index(), .infeasible = a.flag() ? Infeasible::zero : Infeasible::infinity});
}

/// The first function of a tensor with the gradient of the second, and perhaps less of it.
Tensor with_gradient_of(Author& a, Unary value, Unary slope) {
  const bool clips = a.style() == Style::wild && a.flag();
  return custom_gradient([&](const Tensor& x) { return value(x); },
                         [&](const Tensor& x, const Tensor&, const Tensor& dy) {
                           const Tensor dx = vjp({slope(x)}, {dy}, {x})[0];
                           return clips ? clamp(dx, -1, 1) : dx;
                         },
                         a.floating());
}

Tensors smooth_call(Author& a) {
  const Tensor x = a.any();
  switch (a.below(17)) {
    default:
      return {chosen(a, smooth_functions)(x)};
    case 1:
      return {chosen(a, smooth_arithmetic)(x, a.operand())};
    case 2:
      return {chosen(a, smooth_arithmetic)(x, a.like(x))};
    case 3:
      return {reductions[a.below(3)](x, axes(a, x.rank()), a.flag())};
    case 4:
      return {product(a)};
    case 5:
      return {reshaped(a)};
    case 6:
      return {sliced(a)};
    case 7:
      return {padded(a)};
    case 8:
      return {transposed(a)};
    case 9:
      return {concat(a.some(4), a.axis(x.rank()))};
    case 10:
      return {broadcast_to(x, x.shape().inserted(0, static_cast<Index>(a.below(4))))};
    case 11:
      return {cumsum(x, a.axis(x.rank()), a.flag()), flip(x, a.axis(x.rank()))};
    case 12:
      return {softmax(x, a.axis(x.rank())), log_softmax(x, a.axis(x.rank())), logsumexp(x, a.axis(x.rank()))};
    case 13:
      return {expand_dims(x, a.axis(x.rank())), squeeze(x)};
    case 14:
      return {stack(a.some(3), a.axis(x.rank()))};
    case 15:
      return {cast(x, DType::float64), gelu(x), elu(x), layer_norm(x)};
    case 16:
      return {with_gradient_of(a, smooth_functions[a.below(11)], smooth_functions[a.below(11)])};
  }
}

Tensors wild_call(Author& a) {
  const Tensor x = a.any();
  const Index rank = x.rank();
  switch (a.below(51)) {
    default:
      return {chosen(a, functions)(x)};
    case 1:
      return {chosen(a, arithmetic)(a.operand(), x)};
    case 2:
      return {chosen(a, arithmetic)(x, same_dtype(a, x))};
    case 3:
      return {chosen(a, reductions)(x, axes(a, rank), a.flag())};
    case 4:
      return {argmax(x, a.axis(rank), a.flag()), argmin(x, a.axis(rank), a.flag())};
    case 5:
      return {broadcast_to(x, a.shape())};
    case 6:
      return {cast(x, a.dtype())};
    case 7:
      return {clamp(x, a.number(), a.number())};
    case 8:
      return {elu(x, a.number()), leaky_relu(x, a.number())};
    case 9:
      return {gelu(x, a.flag() ? GeluForm::tanh : GeluForm::exact)};
    case 10:
      return {chosen_elements(a)};
    case 11:
      return {index_add(x, a.any(DType::int32), same_dtype(a, x), a.axis(rank))};
    case 12:
      return {index_sum(a.any(DType::int32), x, a.axis(rank), a.index())};
    case 13:
      return {layer_norm(x, a.number())};
    case 14:
      return {layer_norm(x, same_dtype(a, x), same_dtype(a, x), a.number())};
    case 15:
      return {one_hot(a.any(DType::int32), a.index(), a.dtype())};
    case 16:
      return {take(x, a.any(DType::int32), a.axis(rank))};
    case 17:
      return {take_along_axis(x, a.any(DType::int32), a.axis(rank))};
    case 18:
      return {scatter_add(x, a.any(DType::int32), same_dtype(a, x), a.axis(rank))};
    case 19:
      return {scatter_sum(a.any(DType::int32), x, a.axis(rank), a.index())};
    case 20:
      return {select(x, a.axis(rank), a.index())};
    case 21:
      return split(x, a.indices(3), a.axis(rank));
    case 22:
      return split(x, a.index(), a.axis(rank));
    case 23:
      return {random::uniform(random::key(a.below(9)), a.shape(), a.number(), a.number(), a.dtype())};
    case 24:
      return {random::normal(random::key(a.below(9)), a.shape(), a.number(), a.number(), a.dtype())};
    case 25:
      return {random::bernoulli(random::key(a.below(9)), a.operand(), a.shape())};
    case 26:
      return {random::categorical(random::key(a.below(9)), x, a.axis(rank))};
    case 27:
      return random::split(x, static_cast<int>(a.below(4)));
    case 28:
      return {random::fold_in(x, a.operand())};
    case 29:
      return {squeeze(x, axes(a, rank))};
    case 30:
      return {sum_to(x, a.shape())};
    case 31:
      return {reshape(x, {a.index(), near(a, x.size()), a.index()})};
    case 32:
      return {expand_dims(x, a.index())};
    case 33:
      return {flip(x, a.index()), roll(x, a.index(), a.axis(rank))};
    case 34:
      return {a.constant(a.dtype(), a.shape()), full({2}, a.number(), a.dtype())};
    case 35:
      return {arange(static_cast<Index>(a.below(20)), a.dtype())};
    case 36:
      return linear_algebra(a);
    case 37:
      return {with_gradient_of(a, chosen(a, functions), chosen(a, functions))};
    case 38:
      return {straight_through(a.operand(), x)};
    case 39:
      return {linear_cross_entropy(x, same_dtype(a, x), a.any(DType::int32), {.ignore_index = 0})};
    case 40:
      return {repeat(x, a.index(), a.axis(rank)), tile(x, a.indices(3))};
    case 41:
      return {stddev(x, axes(a, rank), {1, a.flag()}), var(x, axes(a, rank), {a.number(), a.flag()})};
    case 42:
      return {eye(static_cast<Index>(a.below(4)), static_cast<Index>(a.below(4)), a.dtype()),
              linspace(a.number(), a.number(), static_cast<Index>(a.below(20)), a.dtype())};
    case 43:
      return {sort(x, a.axis(rank), {a.flag()}), argsort(x, a.axis(rank), {a.flag()})};
    case 44: {
      const TopK top = top_k(x, a.index(), a.axis(rank));
      return {top.values, top.ids};
    }
    case 45:
      return {scatter(x, a.any(DType::int32), same_dtype(a, x), a.axis(rank))};
    case 46: {
      const Tensor lengths = a.any(DType::int32);
      return {reverse_sequences(x, lengths), sequence_mask(lengths, near(a, 4))};
    }
    case 47:
      return {convolution(a)};
    case 48:
      return over_time(a);
    case 49:
      return {rms_norm(x, a.number()), rms_norm(x, same_dtype(a, x)), group_norm(x, a.index(), a.number()),
              group_norm(x, near(a, 1), same_dtype(a, x), same_dtype(a, x))};
    case 50:
      return {aligned(a)};
  }
}

}  // namespace

Tensors call_op(Author& author) {
  const bool smooth = author.style() == Style::smooth || author.below(3) == 2;
  return smooth ? smooth_call(author) : wild_call(author);
}

}  // namespace sluice::fuzz

#include <sluice/graph/op.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/compare.h>
#include <sluice/ops/elementwise.h>
#include <sluice/ops/philox.h>
#include <sluice/ops/random.h>
#include <sluice/ops/random_key.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace sluice::random {

namespace {

constexpr double two_pi = 6.283185307179586;
constexpr Index blocks_per_piece = 2048;

/// A tensor of a floating-point dtype generated from a key alone. Each block of the stream gives `per_block`
/// elements.
class Generator : public Op {
 public:
  Generator(const Shape& shape, DType dtype) : spec_{dtype, shape} {}
  bool may_throw(std::span<const Spec>) const override { return false; }

  Takes takes() const override { return {.operands = 1}; }
  Specs infer(std::span<const Spec> inputs) const override {
    require_key(inputs[0], name());
    if (!is_floating(spec_.dtype)) {
      throw ShapeError(fmt::format("[{}] the dtype must be f32 or f64: got {}; cast the result", name(),
                                   name_of(spec_.dtype)));
    }
    return {spec_};
  }

 protected:
  /// Calls write(block, values, n) for every block: its n values begin at `values`; n is per_block, except
  /// possibly for the last.
  template <class T, class F>
  static void for_blocks(const MutableView& output, Index per_block, F&& write) {
    const Index size = output.size();
    T* values = output.as<T>();
    kernels::parallel_for((size + per_block - 1) / per_block, blocks_per_piece, [&](Index begin, Index end) {
      for (Index block = begin; block < end; ++block) {
        const Index at = block * per_block;
        write(static_cast<std::uint64_t>(block), values + at, std::min(per_block, size - at));
      }
    });
  }

  const Spec spec_;
};

class Uniform final : public Generator {
 public:
  Uniform(const Shape& shape, double low, double high, DType dtype)
      : Generator(shape, dtype), low_(low), high_(high) {}

  std::string_view name() const override { return "random::uniform"; }
  void members(Attributes& a) const override { a({}, spec_), a("low", low_), a("high", high_); }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Stream stream(inputs[0].as<std::int32_t>(), Purpose::uniform);
    if (spec_.dtype == DType::float32) {
      for_blocks<float>(outputs[0], 4, [&](std::uint64_t block, float* values, Index n) {
        const auto words = stream.block(block);
        for (Index i = 0; i < n; ++i) values[i] = scaled(unit_float(words[static_cast<std::size_t>(i)]));
      });
    } else {
      for_blocks<double>(outputs[0], 2, [&](std::uint64_t block, double* values, Index n) {
        const auto words = stream.block(block);
        for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) {
          values[i] = scaled(unit_double(words[2 * i], words[2 * i + 1]));
        }
      });
    }
  }

 private:
  template <class T>
  T scaled(T unit) const {
    const T low = static_cast<T>(low_);
    const T high = static_cast<T>(high_);
    const T width = high - low;
    // Computed from halves if the width itself overflows.
    const T value = std::isfinite(width) ? low + width * unit : 2 * (low / 2 + (high / 2 - low / 2) * unit);
    return value < high ? value : std::nextafter(high, low);  // rounding may reach the open end
  }

  const double low_;
  const double high_;
};

class Normal final : public Generator {
 public:
  Normal(const Shape& shape, double mean, double stddev, DType dtype)
      : Generator(shape, dtype), mean_(mean), stddev_(stddev) {}

  std::string_view name() const override { return "random::normal"; }
  void members(Attributes& a) const override { a({}, spec_), a("mean", mean_), a("stddev", stddev_); }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Stream stream(inputs[0].as<std::int32_t>(), Purpose::normal);
    with_type(spec_.dtype, [&](auto type) {
      using T = decltype(type);
      if constexpr (std::is_floating_point_v<T>) {
        for_blocks<T>(outputs[0], 2, [&](std::uint64_t block, T* values, Index n) {
          const auto words = stream.block(block);
          const double radius =
              std::sqrt(-2 * std::log(1 - unit_double(words[0], words[1])));  // 1 - u is never 0
          const double angle = two_pi * unit_double(words[2], words[3]);
          values[0] = static_cast<T>(mean_ + stddev_ * (radius * std::cos(angle)));
          if (n > 1) values[1] = static_cast<T>(mean_ + stddev_ * (radius * std::sin(angle)));
        });
      }
    });
  }

 private:
  const double mean_;
  const double stddev_;
};

void require_probability(double probability) {
  if (probability >= 0 && probability <= 1) return;
  throw Error(fmt::format(
      "[random::bernoulli] a probability must lie in [0, 1]: got {}; sigmoid makes one of a logit",
      probability));
}

/// Checks probabilities and returns them unchanged.
class Probability final : public Elementwise<Probability, 1> {
 public:
  static constexpr std::string_view id = "random::probability";

  static auto value(auto p) {
    if (!(p >= 0 && p <= 1)) require_probability(static_cast<double>(p));
    return p;
  }

  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {dy}; }
};

void require_probabilities(const Operand& p, const Shape& shape) {
  if (p.is_number()) return require_probability(p.tensor(DType::float64).item());
  if (broadcast(p.tensor().shape(), shape, "random::bernoulli") == shape) return;
  throw ShapeError(fmt::format(
      "[random::bernoulli] p must broadcast to the shape: got p {} and shape {}; enlarge the shape",
      p.tensor().spec().text(), shape.text()));
}

}  // namespace

Tensor uniform(const Operand& key, const Shape& shape, double low, double high, DType dtype) {
  if (!std::isfinite(low) || !std::isfinite(high) || !(low < high)) {
    throw Error(fmt::format("[random::uniform] low must be below high, both finite: got low {} and high {}; "
                            "swap or correct them",
                            low, high),
                key.where());
  }
  if (is_floating(dtype)) {
    require_number(low, dtype, "random::uniform", "low of", key.where());
    require_number(high, dtype, "random::uniform", "high of", key.where());
  }
  if (dtype == DType::float32 && !(static_cast<float>(low) < static_cast<float>(high))) {
    throw Error(
        fmt::format("[random::uniform] low must be below high as f32: got {} and {}, which are both {}; "
                    "use f64, or move them apart",
                    low, high, static_cast<float>(low)),
        key.where());
  }
  return make(std::make_shared<Uniform>(shape, low, high, dtype), {key});
}

Tensor normal(const Operand& key, const Shape& shape, double mean, double stddev, DType dtype) {
  if (!std::isfinite(mean) || !std::isfinite(stddev) || stddev < 0) {
    throw Error(fmt::format("[random::normal] mean and stddev must be finite and stddev not negative: got "
                            "mean {} and stddev {}; correct them",
                            mean, stddev),
                key.where());
  }
  if (is_floating(dtype)) {
    require_number(mean, dtype, "random::normal", "the mean of", key.where());
    require_number(stddev, dtype, "random::normal", "the stddev of", key.where());
  }
  return make(std::make_shared<Normal>(shape, mean, stddev, dtype), {key});
}

Tensor bernoulli(const Operand& key, const Operand& p, const Shape& shape) {
  const detail::Call call("random::bernoulli", key.where());
  require_probabilities(p, shape);
  const Operand checked = p.is_number() ? p : Operand(make<Probability>(p));
  return uniform(key.tensor(), shape) < checked;
}

}  // namespace sluice::random

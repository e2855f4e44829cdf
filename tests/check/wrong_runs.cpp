// Ops whose run is not pure, or not what they say of it.

#include <sluice/kernels/threads.h>
#include <sluice/ops/elementwise.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <thread>

#include "check/wrong.h"
#include "support/catch.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Knows float64 only, and says nothing about it.
struct OfDoubles final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    if (in[0].spec.dtype == DType::float64) Doubled::run(in, out);
  }
};

/// Leaves the rest behind vectors of four.
struct NoRest final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    with_floating(in[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      compute(in[0].as<T>(), out[0].as<T>(), in[0].size() / 4 * 4);
    });
  }
};

/// Adds to what is there.
struct Adding final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    with_floating(in[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      for (Index i = 0; i < in[0].size(); ++i) out[0].as<T>()[i] += 2 * in[0].as<T>()[i];
    });
  }
};

/// Doubles its operand where it lies.
struct InOperand final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    Doubled::run(in, out);
    std::memcpy(const_cast<void*>(in[0].data), out[0].data, in[0].spec.bytes());
  }
};

/// Counts its calls.
struct Counting final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    static std::atomic<int> calls = 0;
    Doubled::run(in, out);
    if (in[0].size() == 0) return;
    with_floating(in[0].spec.dtype, [&](auto type) { *out[0].as<decltype(type)>() = ++calls; });
  }
};

/// Keeps its result between two steps where every call does.
struct Scratch final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    static std::array<std::atomic<double>, 8> scratch;
    with_floating(in[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      const auto n = static_cast<std::size_t>(in[0].size());
      for (std::size_t i = 0; i < n; ++i) scratch[i] = static_cast<double>(2 * in[0].as<T>()[i]);
      std::this_thread::sleep_for(std::chrono::microseconds(100));
      for (std::size_t i = 0; i < n; ++i) out[0].as<T>()[i] = static_cast<T>(scratch[i]);
    });
  }
};

/// Remembers its last number of elements.
struct Remembering final : Doubled {
  void members(Attributes& a) const override { a("last", last); }
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    last = in[0].size();
    Doubled::run(in, out);
  }
  mutable Index last = 0;
};

/// Expects zeros in its work memory.
struct Expecting final : Doubled {
  std::size_t work_bytes(std::span<const Spec>, int) const override { return sizeof(double); }
  void run_in(const WorkMemory& memory, std::span<const View> in,
              std::span<const MutableView> out) const override {
    run(in, out);
    double start = 0;
    std::memcpy(&start, memory.data, sizeof(start));
    with_floating(in[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      *out[0].as<T>() += static_cast<T>(start);
    });
  }
};

/// Refuses negative numbers, and says that it refuses nothing.
struct Refusing final : Doubled {
  bool may_throw(std::span<const Spec>) const override { return false; }
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    with_floating(in[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      for (Index i = 0; i < in[0].size(); ++i) {
        if (in[0].as<T>()[i] < 0) throw Error("[doubled] numbers must be positive");
      }
    });
    Doubled::run(in, out);
  }
};

/// Computes a little else on more threads.
struct PerThread final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    Doubled::run(in, out);
    if (in[0].size() == 0) return;
    with_floating(in[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      *out[0].as<T>() *= 1 + static_cast<T>(1e-6 * kernels::threads());
    });
  }
};

/// x and 2 x; 3 x if the x is not read.
struct Leaning final : Doubled {
  Specs infer(std::span<const Spec> in) const override { return {in[0], in[0]}; }
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    if (out[0].data != nullptr) std::memcpy(out[0].data, in[0].data, in[0].spec.bytes());
    if (out[1].data == nullptr) return;
    with_floating(in[0].spec.dtype, [&](auto type) {
      using T = decltype(type);
      for (Index i = 0; i < in[0].size(); ++i)
        out[1].as<T>()[i] = T(out[0].data != nullptr ? 2 : 3) * in[0].as<T>()[i];
    });
  }
  Tensors gradients(const Tensors&, const Tensors&, const std::vector<bool>&) const override {
    return {Tensor()};
  }
};

/// Vectors of four by one formula, the rest by another.
struct Tails final : Elementwise<Tails, 1> {
  static constexpr std::string_view id = "tails";
  template <class T>
  static void loop(const T* x, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = i < n / 4 * 4 ? x[i] * T(0.1) : x[i] / T(10);
  }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {0.1 * dy}; }
};

/// a b, by a loop that takes strides for 1.
struct Strideless final : Elementwise<Strideless, 2> {
  static constexpr std::string_view id = "strideless";
  template <class T>
  static void loop(const T* a, Index, const T* b, Index, T* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = a[i] * b[i];
  }
  Tensors gradient(const Tensor& y, const Tensor& dy) const override {
    return {dy * y.input(1), dy * y.input(0)};
  }
};

}  // namespace

TEST_CASE("check_op finds elements that are not written") {
  finds<NoRest>(
      "[check_op] 'doubled' of f64[3, 2] leaves [2, 0] of output 0 as it was in run; write every element, "
      "for every dtype");
  finds<OfDoubles>(
      "'doubled' of f32[3, 2] leaves [0, 0] of output 0 as it was in run; write every element, for every "
      "dtype; with f32 in place of f64 inputs");
}

TEST_CASE("check_op finds an op that is not pure") {
  finds<Adding>("of output 0 for the same operands; run must be pure");
  finds<Counting>("at [0, 0] of output 0 for the same operands; run must be pure");
  finds<InOperand>("changes [0, 0] of operand 0 in run; operands are read only");
  finds<Remembering>("changes its members in run, to \"last=6\"; an op is immutable");
}

TEST_CASE("check_op finds memory that calls share") {
  finds<Scratch>("when two threads run it at once, and ", {tensor({1.0, 2.0, 3.0, 4.0})});
}

TEST_CASE("check_op finds an op that expects something of its work memory") {
  finds<Expecting>(
      "in run_in, with work memory for 1, and 1 otherwise; run_in computes what run does, and expects "
      "nothing of the memory");
}

TEST_CASE("check_op finds an op that throws though it says that it does not") {
  finds<Refusing>(
      "[check_op] in doubled: numbers must be positive; may_throw of 'doubled' says that run throws nothing "
      "for these "
      "operands; leave it to its default");
}

TEST_CASE("check_op finds results that depend on the threads, or on what is read") {
  finds<PerThread>(
      "on 2 threads, and 1.0000009999999999 on one; divide the work into pieces that do not depend on the "
      "number");
  finds<Leaning>(
      "gives 1.5 at [0, 0] of output 1 if output 0 is not read, and 1 otherwise; outputs may not depend on "
      "which of them are read");
}

TEST_CASE("check_op finds elements that depend on their place") {
  finds<Tails>("computed element by element, and ", {tensor({0.3, 0.7, 1.1, 1.3, 1.7, 2.9, 3.1})});
  finds<Strideless>(
      "if operand 0 has a stride of 0, and 0.5 otherwise; with stride 0 the first element is that of all",
      {rows(), rows()});
}

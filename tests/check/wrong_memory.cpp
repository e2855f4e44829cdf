// Ops that touch what is not theirs: found in a process of its own, with the op, the operand and what to do.

#include <cstdlib>
#include <cstring>

#include "check/wrong.h"
#include "support/catch.h"

using namespace sluice;
using namespace sluice::test;

namespace {

/// Reads element -1.
struct Before final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    Doubled::run(in, out);
    with_floating(in[0].spec.dtype, [&](auto type) {
      const volatile auto* x = in[0].as<decltype(type)>();
      static_cast<void>(x[-1]);
    });
  }
};

/// Reads whole vectors of four.
struct Beyond final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    Doubled::run(in, out);
    with_floating(in[0].spec.dtype, [&](auto type) {
      const volatile auto* x = in[0].as<decltype(type)>();
      for (Index i = 0; i < (in[0].size() + 3) / 4 * 4; ++i) static_cast<void>(x[i]);
    });
  }
};

/// Writes one element too many.
struct Overrun final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    with_floating(in[0].spec.dtype, [&](auto type) {
      auto* y = out[0].as<decltype(type)>();
      for (Index i = 0; i <= in[0].size(); ++i) y[i] = 0;
    });
    Doubled::run(in, out);
  }
};

/// Asks for memory for one number less than it uses.
struct Cramped final : Doubled {
  std::size_t work_bytes(std::span<const Spec> in, int) const override { return 64 * in[0].bytes(); }
  void run_in(const WorkMemory& memory, std::span<const View> in,
              std::span<const MutableView> out) const override {
    std::memset(memory.data, 0, 64 * in[0].spec.bytes() + 1);
    run(in, out);
  }
};

/// x and 2 x, written whether somebody reads them or not.
struct Both final : Doubled {
  Specs infer(std::span<const Spec> in) const override { return {in[0], in[0]}; }
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    std::memcpy(out[0].data, in[0].data, in[0].spec.bytes());
    Doubled::run(in, out.subspan(1));
  }
  Tensors gradients(const Tensors&, const Tensors& dys, const std::vector<bool>&) const override {
    const Tensor twice = dys[1].defined() ? 2 * dys[1] : Tensor();
    return {!dys[0].defined() ? twice : !twice.defined() ? dys[0] : dys[0] + twice};
  }
};

/// Begins by the first element.
struct Eager final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    with_floating(in[0].spec.dtype, [&](auto type) {
      const volatile auto* x = in[0].as<decltype(type)>();
      static_cast<void>(x[0]);
    });
    Doubled::run(in, out);
  }
};

/// Says nothing about the number of operands, and reads a second one.
struct Unasked final : Doubled {
  Takes takes() const override { return {}; }
  Specs infer(std::span<const Spec> in) const override {
    return {in[0].dtype == in[1].dtype ? in[0] : in[1]};
  }
  Tensors gradient(const Tensor&, const Tensor& dy) const override { return {2 * dy, Tensor()}; }
};

/// Gives up in the way of C.
struct Aborting final : Doubled {
  void run(std::span<const View>, std::span<const MutableView>) const override { std::abort(); }
};

/// Calls itself once per element, and forgets to count down.
struct Endless final : Doubled {
  void run(std::span<const View> in, std::span<const MutableView> out) const override {
    if (in[0].size() > 0) Doubled::run(in, out), run_again(in, out);
  }
  void run_again(std::span<const View> in, std::span<const MutableView> out) const {
    const Op& itself = *this;
    itself.run(in, out);
    static_cast<double*>(out[0].data)[0] += 1;
  }
};

}  // namespace

TEST_CASE("check_op finds reads and writes beyond operands and outputs") {
  finds<Before>(
      "[check_op] 'doubled' of f64[3, 2] touches memory before the beginning of operand 0 in run; stay "
      "within its 6 elements (segmentation fault)");
  finds<Beyond>("'doubled' of f64[3, 2] touches memory beyond the end of operand 0 in run");
  finds<Overrun>("'doubled' of f64[3, 2] touches memory beyond the end of output 0 in run");
  finds<Cramped>("bytes that work_bytes asks for; ask for all that run_in needs");
}

TEST_CASE("check_op finds an op that writes outputs nobody reads") {
  finds<Both>(
      "'doubled' of f64[3, 2] writes output 0 in run although its data is null because nobody reads it; skip "
      "outputs whose data is null");
}

TEST_CASE("check_op finds ops that fail for operands without elements") {
  finds<Eager>(
      "ends the process for operands without elements, f64[0, 2]; handle lengths of 0, or refuse them in "
      "infer (");
}

TEST_CASE("check_op finds operands that are read without being declared") {
  finds<Unasked>(
      "reads operand 1 in infer when it has 1; say how many it takes, `Takes takes() const override { return "
      "{.operands = 2}; }`, or refuse so few in infer",
      {rows(), rows()});
}

TEST_CASE("an op that ends the process is an Error") {
  finds<Aborting>("'doubled' of f64[3, 2] run ends the process (abort)");
  finds<Endless>("'doubled' of f64[3, 2] run ends the process (segmentation fault)");
}

#include <sluice/graph/op.h>
#include <sluice/ops/philox.h>
#include <sluice/ops/random.h>
#include <sluice/ops/random_key.h>

#include <fmt/format.h>

namespace sluice::random {

namespace {

Spec key_spec() { return {DType::int32, Shape{2}}; }

class Split final : public Op {
 public:
  explicit Split(int count) : count_(count) {}

  std::string_view name() const override { return "random::split"; }
  Takes takes() const override { return {.operands = 1}; }
  bool may_throw(std::span<const Spec>) const override { return false; }
  void members(Attributes& a) const override { a("count", count_); }

  Specs infer(std::span<const Spec> inputs) const override {
    require_key(inputs[0], "random::split");
    return Specs(static_cast<std::size_t>(count_), key_spec());
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Stream stream(inputs[0].as<std::int32_t>(), Purpose::split);
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i].data == nullptr) continue;
      const auto words = stream.block(i);
      outputs[i].as<std::int32_t>()[0] = static_cast<std::int32_t>(words[0]);
      outputs[i].as<std::int32_t>()[1] = static_cast<std::int32_t>(words[1]);
    }
  }

 private:
  const int count_;
};

class FoldIn final : public Op {
 public:
  std::string_view name() const override { return "random::fold_in"; }
  Takes takes() const override { return {.operands = 2}; }
  bool may_throw(std::span<const Spec>) const override { return false; }

  Specs infer(std::span<const Spec> inputs) const override {
    require_key(inputs[0], "random::fold_in");
    if (inputs[1] != Spec{DType::int32, {}}) {
      throw ShapeError(
          fmt::format("[random::fold_in] the number must be an integer or an i32 scalar: got {}; cast or "
                      "reshape it",
                      inputs[1].text()));
    }
    return {key_spec()};
  }

  void run(std::span<const View> inputs, std::span<const MutableView> outputs) const override {
    const Stream stream(inputs[0].as<std::int32_t>(), Purpose::fold_in);
    const auto words = stream.block(static_cast<std::uint32_t>(*inputs[1].as<std::int32_t>()));
    outputs[0].as<std::int32_t>()[0] = static_cast<std::int32_t>(words[0]);
    outputs[0].as<std::int32_t>()[1] = static_cast<std::int32_t>(words[1]);
  }
};

}  // namespace

void require_key(const Spec& key, std::string_view who) {
  if (key == key_spec()) return;
  throw ShapeError(
      fmt::format("[{}] a key must be i32[2]: got {}; make one with random::key(seed)", who, key.text()));
}

Tensor key(std::uint64_t seed) {
  return tensor({static_cast<std::int32_t>(static_cast<std::uint32_t>(seed)),
                 static_cast<std::int32_t>(static_cast<std::uint32_t>(seed >> 32))});
}

Tensors split(const Operand& key, int count) {
  constexpr int most = 1 << 20;
  if (count < 1 || count > most) {
    throw Error(
        fmt::format(
            "[random::split] count must be from 1 to {}: got {}; fold_in makes any number of keys, one "
            "by one",
            most, count),
        key.where());
  }
  return outputs_of(make(std::make_shared<Split>(count), {key}));
}

Tensor fold_in(const Operand& key, const Operand& number) { return make<FoldIn>(key, number); }

}  // namespace sluice::random

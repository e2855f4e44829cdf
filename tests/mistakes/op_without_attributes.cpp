// first error: an op with members must override members()
#include <sluice/sluice.h>

class Scale final : public sluice::Op {
 public:
  explicit Scale(float by) : by_(by) {}
  std::string_view name() const override { return "scale"; }
  sluice::Specs infer(std::span<const sluice::Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const sluice::View>, std::span<const sluice::MutableView>) const override {}

 private:
  float by_;
};

void mistake() { sluice::make(std::make_shared<Scale>(2.f), {sluice::ones({2})}); }

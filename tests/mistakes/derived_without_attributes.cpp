// first error: an op with members must override members()
#include <sluice/sluice.h>

struct Scale : sluice::Op {
  explicit Scale(double by) : by(by) {}
  std::string_view name() const override { return "scale"; }
  void members(sluice::Attributes& a) const override { a("by", by); }
  sluice::Specs infer(std::span<const sluice::Spec> inputs) const override { return {inputs[0]}; }
  void run(std::span<const sluice::View>, std::span<const sluice::MutableView>) const override {}
  double by;
};
struct Shifted : Scale {  // whose members() do not know about `offset`
  Shifted(double by, double offset) : Scale(by), offset(offset) {}
  double offset;
};

void mistake() {
  sluice::make(std::make_shared<const Shifted>(2., 1.), sluice::Tensors{sluice::ones({2})},
               sluice::Location::current());
}

// Fixed-size Eigen: every loop has its length at compile time.

#define EIGEN_STACK_ALLOCATION_LIMIT 0  // the weights are members of an object on the heap
#include <Eigen/Dense>

#include "streaming.h"

namespace bench::by_hand {

namespace {

template <int H>
class Step final : public StreamingStep {
 public:
  explicit Step(const StreamingWeights& w)
      : weight_x_(w.weight_x), bias_(w.bias), head_(w.head), head_bias_(w.head_bias) {
    // Columns of a gate's weights per unit of h: y = W^T h runs down contiguous columns.
    weight_h_ = Eigen::Map<const Eigen::Matrix<float, 4 * H, H>>(w.weight_h);
    h_.setZero();
    c_.setZero();
  }

  float run(float x) override {
    gates_.noalias() = weight_h_ * h_;
    gates_ += weight_x_ * x + bias_;
    const auto f = gates_.array().template segment<H>(0).logistic();
    const auto i = gates_.array().template segment<H>(H).logistic();
    const auto n = gates_.array().template segment<H>(2 * H).tanh();
    const auto o = gates_.array().template segment<H>(3 * H).logistic();
    c_ = f * c_ + i * n;
    h_ = (o * c_.tanh()).matrix();
    return head_.dot(h_) + head_bias_;
  }

 private:
  using Gates = Eigen::Matrix<float, 4 * H, 1>;
  using Unit = Eigen::Matrix<float, H, 1>;
  Eigen::Matrix<float, 4 * H, H> weight_h_;
  Gates weight_x_, bias_, gates_;
  Unit head_, h_;
  Eigen::Array<float, H, 1> c_;
  float head_bias_;
};

}  // namespace

StreamingStep* make_streaming(int hidden, const StreamingWeights& weights) {
  switch (hidden) {
    case 16:
      return new Step<16>(weights);
    case 20:
      return new Step<20>(weights);
    case 64:
      return new Step<64>(weights);
    case 128:
      return new Step<128>(weights);
    case 256:
      return new Step<256>(weights);
    default:
      return nullptr;
  }
}

}  // namespace bench::by_hand

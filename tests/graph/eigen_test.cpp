#include "support/catch.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/eigen.h>

using namespace sluice;

TEST_CASE("a matrix of Eigen becomes a constant, row by row") {
  Eigen::MatrixXf columns(2, 3);
  columns << 1, 2, 3, 4, 5, 6;
  const std::vector<float> expected{1, 2, 3, 4, 5, 6};
  CHECK(tensor(columns).spec() == Spec{DType::float32, {2, 3}});
  CHECK(tensor(columns).to_vector() == expected);
  const Eigen::Matrix<float, 2, 3, Eigen::RowMajor> rows = columns;
  CHECK(tensor(rows).to_vector() == expected);
  CHECK(tensor(columns.transpose()).to_vector() == std::vector<float>{1, 4, 2, 5, 3, 6});
  CHECK(tensor(columns.rightCols(2)).to_vector() == std::vector<float>{2, 3, 5, 6});
  CHECK(tensor(columns.array() * 2).to_vector() == std::vector<float>{2, 4, 6, 8, 10, 12});
  CHECK(tensor(columns.array() > 3).to_vector<bool>() ==
        std::vector<bool>{false, false, false, true, true, true});
  CHECK(tensor(Eigen::MatrixXd::Identity(2, 2)).to_vector<double>() == std::vector<double>{1, 0, 0, 1});
  CHECK(tensor(Eigen::MatrixXi::Zero(0, 2)).spec() == Spec{DType::int32, {0, 2}});
  const float memory[] = {1, 0, 2, 0, 3, 0};
  const Eigen::Map<const Eigen::VectorXf, 0, Eigen::InnerStride<2>> strided(memory, 3);
  CHECK(tensor(strided).to_vector() == std::vector<float>{1, 2, 3});
}

TEST_CASE("a vector of Eigen becomes a constant of one axis") {
  const Eigen::VectorXd column = Eigen::Vector3d(1, 2, 3);
  CHECK(tensor(column).spec() == Spec{DType::float64, {3}});
  CHECK(tensor(column.transpose()).spec() == Spec{DType::float64, {3}});
  CHECK(tensor(Eigen::Array2i(4, 5)).to_vector<std::int32_t>() == std::vector<std::int32_t>{4, 5});
}

TEST_CASE("a constant is seen as a matrix of Eigen in its own memory") {
  const Tensor x = tensor({{1.f, 2.f, 3.f}, {4.f, 5.f, 6.f}});
  const auto map = eigen_map(x);
  CHECK(map.rows() == 2);
  CHECK(map.cols() == 3);
  CHECK(map(1, 0) == 4);
  CHECK(map.data() == x.value().values<float>().data());
  CHECK(tensor(map * map.transpose()).to_vector() == std::vector<float>{14, 32, 32, 77});
  const Tensor vector = tensor({1, 2});
  CHECK(eigen_map<std::int32_t>(vector).rows() == 2);
  CHECK(eigen_map<std::int32_t>(vector).cols() == 1);
  const Tensor none = zeros({0, 4});
  CHECK(eigen_map(none).cols() == 4);
}

TEST_CASE("a buffer is seen as a matrix of Eigen, to write and to read") {
  std::vector<float> buffer(6);
  eigen_map(std::span(buffer), 2, 3) << 1, 2, 3, 4, 5, 6;
  CHECK(buffer == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(eigen_map(std::span<const float>(buffer), 3, 2)(2, 0) == 5);
}

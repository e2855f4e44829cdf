#include "support/hard_values.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/grad.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/cast.h>
#include <sluice/ops/reshape.h>
#include <sluice/ops/transpose.h>

#include "support/close.h"

namespace sluice::test {

namespace {

template <class T>
Reals hard_values_of() {
  using Limits = std::numeric_limits<T>;
  return {0,
          -T{0},
          Limits::infinity(),
          -Limits::infinity(),
          Limits::quiet_NaN(),
          Limits::denorm_min(),
          -Limits::denorm_min(),
          Limits::max(),
          Limits::lowest(),
          Limits::min(),
          1,
          -1,
          T(0.5),
          3,
          T(-2.5),
          std::log(Limits::max()) + 1,
          -std::log(Limits::max()) - 1,
          1 / Limits::epsilon()};
}

template <class T>
Reals few_hard_values_of() {
  using Limits = std::numeric_limits<T>;
  return {0,
          -T{0},
          Limits::infinity(),
          -Limits::infinity(),
          Limits::quiet_NaN(),
          Limits::denorm_min(),
          Limits::max(),
          Limits::lowest(),
          1,
          T(-2.5)};
}

/// All tuples of `size` values, one after the other.
template <class T>
std::vector<std::vector<T>> tuples(const std::vector<T>& values, int size) {
  std::vector<std::vector<T>> result{{}};
  for (int i = 0; i < size; ++i) {
    std::vector<std::vector<T>> longer;
    for (const auto& tuple : result) {
      for (const T value : values) {
        longer.push_back(tuple);
        longer.back().push_back(value);
      }
    }
    result = std::move(longer);
  }
  return result;
}

Tensor tensor_of(const Reals& values, const Shape& shape, DType dtype) {
  return evaluate(cast(tensor(Elements(values.begin(), values.end()), shape), dtype));
}

std::string text(const Reals& values) {
  std::string result;
  for (const Real value : values)
    result += Catch::StringMaker<double>::convert(static_cast<double>(value)) + " ";
  return result;
}

}  // namespace

Reals hard_values(DType dtype) {
  return dtype == DType::float32 ? hard_values_of<float>() : hard_values_of<double>();
}

Reals few_hard_values(DType dtype) {
  return dtype == DType::float32 ? few_hard_values_of<float>() : few_hard_values_of<double>();
}

std::set<std::string>& driven_ops() {
  static std::set<std::string> names;
  return names;
}

void note_driven(std::string_view name, const Tensors& y) {
  for (const Node* node : topological_order(y)) {
    if (node->op != nullptr && node->op->name() == name) driven_ops().emplace(name);
  }
}

void check_hard(double got, Real expected, DType dtype, const Closeness& closeness,
                const std::function<std::string()>& what) {
  const bool is_float = dtype == DType::float32;
  const double rounded = is_float ? static_cast<float>(expected) : static_cast<double>(expected);
  // A wider type tells the result's last digits from those of the reference.
  const double digits = is_float ? 1 : 1e-8;
  const double least = is_float ? std::numeric_limits<float>::min() : std::numeric_limits<double>::min();
  const Real tolerance =
      closeness.relative * digits * std::abs(expected) + closeness.absolute * digits + Real{least};
  const bool fits = std::isnan(rounded)   ? std::isnan(got)
                    : std::isinf(rounded) ? got == rounded
                                          : std::abs(got - expected) <= tolerance;
  if (fits) return;
  const std::string of = what ? what() : "";
  CAPTURE(of, name_of(dtype), got, expected);
  CHECK(fits);
}

void check_hard_values(const HardFunction& function) {
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Reals values = function.operands > 1 ? few_hard_values(dtype) : hard_values(dtype);
    const auto cases = tuples(values, function.operands);
    Tensors arguments;
    for (int i = 0; i < function.operands; ++i) {
      Reals column;
      for (const Reals& operands : cases) column.push_back(operands[static_cast<std::size_t>(i)]);
      arguments.push_back(tensor_of(column, {static_cast<Index>(cases.size())}, dtype));
    }
    note_driven(function.name, {function.call(arguments)});
    const auto all = [&](const Tensors& in) {
      Tensors results{function.call(in)};
      if (function.slopes.empty()) return results;
      const Tensors dxs = vjp(results, {ones_like(results[0])}, in);
      for (std::size_t i = 0; i < in.size(); ++i)
        results.push_back(dxs[i].defined() ? dxs[i] : zeros_like(in[i]));
      return results;
    };
    const auto got = at_edges(all, arguments);
    for (std::size_t i = 0; i < cases.size(); ++i) {
      if (function.open && function.open(cases[i])) continue;
      const auto of = [&](const std::string& result) {
        return [&, result] { return function.name + ", " + result + " at " + text(cases[i]); };
      };
      check_hard(got[0][i], function.value(cases[i]), dtype, function.value_close, of("value"));
      for (std::size_t j = 0; j < function.slopes.size(); ++j) {
        check_hard(got[j + 1][i], function.slopes[j](cases[i]), dtype, function.slope_close,
                   of("gradient " + std::to_string(j)));
      }
    }
  }
}

void check_hard_rows(const HardRows& function) {
  constexpr std::size_t row_size = 3;
  const Elements weights{1, -2, 3};
  for (const DType dtype : {DType::float32, DType::float64}) {
    for (const Index axis : {1, 0}) {
      const auto rows = tuples(few_hard_values(dtype), 3);
      Reals flat;
      for (const Reals& row : rows) flat.insert(flat.end(), row.begin(), row.end());
      const auto count = static_cast<Index>(rows.size());
      const Tensor in_rows = tensor_of(flat, {count, 3}, dtype);
      const Tensor x = axis == 1 ? in_rows : evaluate(transpose(in_rows));
      note_driven(function.name, {function.call(x, axis)});
      const auto all = [&](const Tensors& in) {
        const Tensor y = function.call(in[0], axis);
        Tensor dy = cast(tensor(weights, {3}), dtype);
        if (y.rank() == 1) dy = ones_like(y);
        if (y.rank() == 2) dy = axis == 1 ? dy + zeros_like(y) : reshape(dy, {3, 1}) + zeros_like(y);
        const Tensor dx = vjp({y}, {dy}, {in[0]})[0];
        const auto by_row = [&](const Tensor& t) { return t.rank() == 2 && axis == 0 ? transpose(t) : t; };
        return Tensors{by_row(y), by_row(dx)};
      };
      const auto got = at_edges(all, {x});
      const std::size_t width = got[0].size() / rows.size();
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const Reals value = function.value(rows[i]);
        const Reals w = width == 1 ? Reals{1} : Reals(weights.begin(), weights.end());
        const Reals slope = function.slope(rows[i], w);
        const auto of = [&](const std::string& result) {
          return [&, result] {
            return function.name + " along axis " + std::to_string(axis) + ", " + result + " of " +
                   text(rows[i]);
          };
        };
        const bool value_is_open = function.open_value && function.open_value(rows[i], dtype);
        for (std::size_t j = 0; j < (value_is_open ? 0 : width); ++j) {
          check_hard(got[0][i * width + j], value[j], dtype, function.value_close,
                     of("value " + std::to_string(j)));
        }
        const bool slope_is_open = function.open_slope && function.open_slope(rows[i], dtype);
        for (std::size_t j = 0; j < (slope_is_open ? 0 : row_size); ++j) {
          check_hard(got[1][i * row_size + j], slope[j], dtype, function.slope_close,
                     of("gradient " + std::to_string(j)));
        }
      }
    }
  }
}

void check_hard_linear(const HardLinear& function) {
  const Index size = function.shape.size();
  const auto count = static_cast<std::size_t>(size);
  const auto at = [&](const Elements& x) { return numbers(function.call(tensor(x, function.shape))); };
  const Elements constant = at(Elements(count));
  std::vector<Elements> columns;
  for (std::size_t i = 0; i < count; ++i) {
    Elements unit(count);
    unit[i] = 1;
    columns.push_back(at(unit));
  }
  // The sum of what takes part, open where it may overflow on the way.
  const auto check_sum = [](double got, const Reals& terms, DType dtype) {
    Real sum = 0;
    int large = 0;
    for (const Real term : terms) {
      sum += term;
      large += std::abs(term) > 1e38L ? 1 : 0;
    }
    if (terms.size() == 1 || large < 2) check_hard(got, sum, dtype, {});
  };
  for (const DType dtype : {DType::float32, DType::float64}) {
    const Reals hard = few_hard_values(dtype);
    for (std::size_t shift = 0; shift < hard.size(); ++shift) {
      const auto values = [&](Index n, std::size_t step) {
        Reals result;
        for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i)
          result.push_back(hard[(step * i + shift) % hard.size()]);
        return result;
      };
      const Reals x = values(size, 1);
      const Tensor y = function.call(tensor_of(x, function.shape, dtype));
      note_driven(function.name, {y});
      const Reals dy = values(y.size(), 3);
      const auto all = [&](const Tensors& in) {
        const Tensor out = function.call(in[0]);
        return Tensors{out, vjp({out}, {in[1]}, {in[0]})[0]};
      };
      const auto got = at_edges(all, {tensor_of(x, function.shape, dtype), tensor_of(dy, y.shape(), dtype)});
      CAPTURE(function.name, name_of(dtype), shift);
      for (std::size_t j = 0; j < dy.size(); ++j) {
        Reals terms;
        if (constant[j] != 0) terms.push_back(constant[j]);
        for (std::size_t i = 0; i < count; ++i)
          if (columns[i][j] != constant[j]) terms.push_back((columns[i][j] - constant[j]) * x[i]);
        CAPTURE(j, got[0][j]);
        check_sum(got[0][j], terms, dtype);
      }
      for (std::size_t i = 0; i < count; ++i) {
        Reals terms;
        for (std::size_t j = 0; j < dy.size(); ++j)
          if (columns[i][j] != constant[j]) terms.push_back((columns[i][j] - constant[j]) * dy[j]);
        CAPTURE(i, got[1][i]);
        check_sum(got[1][i], terms, dtype);
      }
    }
  }
}

void check_hard_integers(const HardIntegers& function) {
  using Limits = std::numeric_limits<std::int32_t>;
  const std::vector<std::int64_t> values{
      0, 1, -1, 2, -7, 46341, Limits::max(), Limits::max() - 1, Limits::min()};
  const auto cases = tuples(values, function.operands);
  Tensors arguments;
  for (int i = 0; i < function.operands; ++i) {
    std::vector<std::int32_t> column;
    for (const auto& operands : cases)
      column.push_back(static_cast<std::int32_t>(operands[static_cast<std::size_t>(i)]));
    arguments.push_back(tensor(column, {static_cast<Index>(column.size())}));
  }
  note_driven(function.name, {function.call(arguments)});
  const auto got = at_edges([&](const Tensors& in) { return Tensors{function.call(in)}; }, arguments);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(function.name, cases[i], got[0][i]);
    CHECK(got[0][i] == static_cast<double>(function.value(cases[i])));
  }
}

}  // namespace sluice::test

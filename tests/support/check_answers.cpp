#include "support/check_answers.h"

#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/stack.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <sstream>

#include "support/catch.h"

namespace sluice::test {

namespace {

constexpr Index steps = 3;

std::size_t bytes_of(const Tensor& t) { return t.spec().bytes(); }

const std::byte* bytes_at(const Tensor& t) { return static_cast<const std::byte*>(t.value().data()); }

/// The same elements in other places: valid wherever the first ones were.
Tensor rotated(const Tensor& t, Index by) {
  if (t.size() == 0) return t;
  Array array(t.spec());
  const std::size_t element = size_of(t.dtype());
  const std::size_t first = static_cast<std::size_t>(by % t.size()) * element;
  auto* to = static_cast<std::byte*>(array.data());
  std::memcpy(to, bytes_at(t) + first, bytes_of(t) - first);
  std::memcpy(to + bytes_of(t) - first, bytes_at(t), first);
  return Tensor(std::move(array));
}

/// Runs the op on constants, outputs in memory of their own.
Tensors run(const Op& op, const Tensors& inputs) {
  Specs specs;
  std::vector<View> views;
  for (const Tensor& t : inputs) {
    specs.push_back(t.spec());
    views.push_back({t.spec(), t.value().data()});
  }
  Arrays arrays;
  for (const Spec& spec : op.infer(specs)) arrays.emplace_back(spec);
  std::vector<MutableView> outputs;
  for (Array& array : arrays) outputs.push_back({array.spec(), array.data()});
  op.run(views, outputs);
  Tensors results;
  for (Array& array : arrays) results.emplace_back(std::move(array));
  return results;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.spec() == b.spec() &&
         (bytes_of(a) == 0 || std::memcmp(bytes_at(a), bytes_at(b), bytes_of(a)) == 0);
}

void require_close(const Tensor& got, const Tensor& expected) {
  REQUIRE(got.spec() == expected.spec());
  const double tolerance = expected.dtype() == DType::float32 ? 1e-5 : 1e-12;
  double scale = 1;
  for (Index k = 0; k < expected.size(); ++k) {
    const double e = expected.value().element(k);
    if (std::isfinite(e)) scale = std::max(scale, std::abs(e));
  }
  for (Index k = 0; k < expected.size(); ++k) {
    const double g = got.value().element(k);
    const double e = expected.value().element(k);
    if (g == e || (std::isnan(g) && std::isnan(e)) || std::abs(g - e) <= tolerance * scale) continue;
    FAIL("element " << k << " is " << g << ", not " << e);
  }
}

Tensors inputs_at(const Tensors& inputs, const std::vector<bool>& over_time, Index t) {
  Tensors now;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    now.push_back(over_time[i] ? rotated(inputs[i], t) : inputs[i]);
  return now;
}

void check_steps(const Node& node, const Tensors& inputs, const std::vector<bool>& over_time) {
  Tensors together;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    Tensors each;
    for (Index t = 0; t < steps; ++t) each.push_back(rotated(inputs[i], t));
    together.push_back(over_time[i] ? evaluate(stack(each, 0)) : inputs[i]);
  }
  const Tensors all = node.op->at_all_steps(together, over_time);
  const Tensor sum = node.op->sum_over_steps(together, over_time);
  if (all.empty() && !sum.defined()) return;

  std::vector<Tensors> by_step;
  for (Index t = 0; t < steps; ++t) by_step.push_back(run(*node.op, inputs_at(inputs, over_time, t)));
  for (std::size_t i = 0; i < all.size(); ++i) {
    INFO("at_all_steps, output " << i);
    Tensors expected;
    for (const Tensors& outputs : by_step) expected.push_back(outputs[i]);
    require_close(evaluate(all[i]), evaluate(stack(expected, 0)));
  }
  if (!sum.defined()) return;
  INFO("sum_over_steps");
  Tensor expected = by_step[0][0];
  for (Index t = 1; t < steps; ++t) expected = Operand(expected) + by_step[static_cast<std::size_t>(t)][0];
  require_close(evaluate(sum), evaluate(expected));
}

/// Rows [first, first + count) of a constant.
Tensor some_rows(const Tensor& t, Index first, Index count) {
  Array array(Spec{t.dtype(), t.shape().with(0, count)});
  const std::size_t row = bytes_of(t) / static_cast<std::size_t>(t.dim(0));
  if (array.bytes() > 0)
    std::memcpy(array.data(), bytes_at(t) + static_cast<std::size_t>(first) * row, array.bytes());
  return Tensor(std::move(array));
}

void check_rows(const Node& node, const Tensors& inputs, const std::vector<bool>& by_rows) {
  Specs specs;
  Index rows = -1;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    specs.push_back(inputs[i].spec());
    if (!by_rows[i]) continue;
    if (inputs[i].rank() == 0 || (rows >= 0 && inputs[i].dim(0) != rows)) return;  // nobody asks that
    rows = inputs[i].dim(0);
  }
  if (rows < 2 || !node.op->works_by_rows(specs, by_rows)) return;
  INFO("works_by_rows");
  const Tensors whole = run(*node.op, inputs);
  for (const Tensor& output : whole) {
    REQUIRE(output.rank() > 0);
    REQUIRE(output.dim(0) == rows);
  }
  const Index middle = rows / 2;
  for (const auto& [first, count] : {std::pair{Index{0}, middle}, std::pair{middle, rows - middle}}) {
    Tensors part = inputs;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (by_rows[i]) part[i] = some_rows(inputs[i], first, count);
    }
    // As the lowering does it: the views tell the rows, and the op is the one made for all of them.
    std::vector<View> views;
    for (const Tensor& t : part) views.push_back({t.spec(), t.value().data()});
    Arrays arrays;
    std::vector<MutableView> outputs;
    for (const Tensor& output : whole)
      arrays.emplace_back(Spec{output.dtype(), output.shape().with(0, count)});
    for (Array& array : arrays) outputs.push_back({array.spec(), array.data()});
    node.op->run(views, outputs);
    for (std::size_t i = 0; i < whole.size(); ++i)
      require_close(Tensor(std::move(arrays[i])), some_rows(whole[i], first, count));
  }
}

/// Whether the rows of `part` lie in `whole` where the window says.
bool lies_in(const Tensor& part, const Tensor& whole, const Window& window) {
  const Index columns = part.rank() == 0 ? 1 : part.dim(-1);
  const Index rows = columns == 0 ? 0 : part.size() / columns;
  const std::size_t element = size_of(part.dtype());
  for (Index row = 0; row < rows; ++row) {
    const Index at = window.offset + row * window.row_stride;
    if (at < 0 || at + columns > whole.size()) return false;
    if (std::memcmp(bytes_at(part) + static_cast<std::size_t>(row * columns) * element,
                    bytes_at(whole) + static_cast<std::size_t>(at) * element,
                    static_cast<std::size_t>(columns) * element) != 0)
      return false;
  }
  return true;
}

void check_places(const Node& node, const Tensors& inputs) {
  const Tensors outputs = run(*node.op, inputs);
  Specs specs;
  for (const Tensor& input : inputs) specs.push_back(input.spec());
  if (inputs.size() == 1 && outputs.size() == 1) {
    if (const auto window = node.op->window_in_input(specs[0])) {
      INFO("window_in_input");
      CHECK(outputs[0].dtype() == inputs[0].dtype());
      CHECK(lies_in(outputs[0], inputs[0], *window));
    }
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto window = node.op->window_in_output(specs, i);
    if (!window) continue;
    INFO("window_in_output of input " << i);
    CHECK(outputs[0].dtype() == inputs[i].dtype());
    CHECK(lies_in(inputs[i], outputs[0], *window));
  }
  for (std::size_t i = 0; i < inputs.size() && node.op->in_place(); ++i) {
    if (inputs[i].spec() != outputs[0].spec()) continue;
    INFO("in_place of input " << i);
    const Tensor copy = rotated(inputs[i], 0);
    std::vector<View> views;
    for (std::size_t k = 0; k < inputs.size(); ++k)
      views.push_back({specs[k], k == i ? copy.value().data() : inputs[k].value().data()});
    const MutableView output{specs[i], const_cast<void*>(copy.value().data())};
    node.op->run(views, std::span(&output, 1));
    CHECK(same_bits(copy, outputs[0]));
  }
}

/// Calls f with every choice of at least one of n inputs.
template <class F>
void for_choices(std::size_t n, const F& f) {
  if (n > 5) return;  // a concat of many: its answers do not depend on how many there are
  for (unsigned bits = 1; bits < (1u << n); ++bits) {
    std::vector<bool> chosen;
    for (std::size_t i = 0; i < n; ++i) chosen.push_back(((bits >> i) & 1u) != 0);
    f(chosen);
  }
}

}  // namespace

void check_answers(const Tensors& results) {
  for (const Node* node : topological_order(results)) {
    if (leaf_of(*node) != nullptr || node->inputs.empty() || node->op->body() != nullptr) continue;
    const Tensors inputs = evaluate(node->inputs);
    std::ostringstream what;
    what << node->op->name() << "(" << node->op->attributes() << ")";
    for (const Tensor& input : inputs) what << " " << input.spec().text();
    INFO("what " << what.str() << " answers to the compiler");
    check_places(*node, inputs);
    for_choices(inputs.size(), [&](const std::vector<bool>& chosen) {
      check_rows(*node, inputs, chosen);
      check_steps(*node, inputs, chosen);
    });
  }
}

}  // namespace sluice::test

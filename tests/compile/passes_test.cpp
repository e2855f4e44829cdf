#include "support/catch.h"

#include <sluice/compile/compile.h>
#include <sluice/compile/rewrite.h>
#include <sluice/graph/arithmetic.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/scan.h>
#include <sluice/ops/sum.h>
#include <sluice/ops/tanh.h>

#include <algorithm>
#include <sstream>

using namespace sluice;

namespace {

/// A rule: tanh(x) becomes x + x.
Tensors doubled(const Node& node, const Tensors& inputs) {
  if (node.op->name() != "tanh") return {};
  return {inputs[0] + inputs[0]};
}

}  // namespace

TEST_CASE("a set of passes is written as all, none, the names of some, or of all others") {
  CHECK(PassSet::parse("all").has("scan_form"));
  CHECK(PassSet::parse("").has("fuse"));
  CHECK_FALSE(PassSet::parse("none").has("scan_form"));
  CHECK(PassSet::parse("scan_form,fuse").has("fuse"));
  CHECK_FALSE(PassSet::parse("scan_form,fuse").has("rows"));
  CHECK_FALSE(PassSet::parse("-scan_form,-fuse").has("fuse"));
  CHECK(PassSet::parse("-scan_form,-fuse").has("rows"));
  CHECK(PassSet::without({"rows"}).has("fuse"));
  CHECK_FALSE(PassSet::only({"rows"}).has("fuse"));
  CHECK_THROWS_WITH(PassSet::parse("fuze"), contains("must be one of") && contains("got 'fuze'"));
  CHECK_THROWS_WITH(PassSet::parse("-fuse,rows"), contains("either all names have a '-'"));
}

TEST_CASE("a program tells which passes made it, and leaves out those that are off") {
  const auto f = [](const Tensor& x) { return x + 1; };
  const std::string with = compile(f).program(ones({2}))->print_passes();
  const std::string without =
      compile(f, {.passes = PassSet::without({"scan_form"})}).program(ones({2}))->print_passes();
  CHECK_THAT(with, contains("scan_form") && contains("ms") && contains("nodes"));
  CHECK_FALSE(without.find("scan_form") != std::string::npos);
  CHECK(compile(f, {.passes = PassSet::none()}).program(ones({2}))->passes().empty());
}

TEST_CASE("print_passes tells the passes that changed something from the others") {
  const auto f = [](const Tensor& x) { return x * 1 + tanh(x) + tanh(x); };
  const auto program = compile(f, {.passes = PassSet::all()}).program(ones({2}));
  std::istringstream lines(program->print_passes());
  for (const PassReport& report : program->passes()) {
    std::string line;
    std::getline(lines, line);
    CAPTURE(line);
    const bool same = report.nodes_before == report.nodes_after;
    CHECK((line.find("unchanged") != std::string::npos) == same);
    CHECK((line.find("->") != std::string::npos) == !same);
  }
  const auto changed = [](const PassReport& report) { return report.changed; };
  CHECK(std::count_if(program->passes().begin(), program->passes().end(), changed) == 2);
}

TEST_CASE("passes print graphs before and after on request") {
  const Graph graph = trace([](const Tensors& x) { return Tensors{x[0] + 1}; }, {Spec{}});
  std::vector<PassReport> reports;
  optimize(graph, PassSet::only({"scan_form"}), &reports, PassTexts::keep);
  CHECK(reports.at(0).nodes_before == 3);
  CHECK_THAT(reports.at(0).before, contains("add(a0, 1)"));
  CHECK(reports.at(0).after == reports.at(0).before);
}

TEST_CASE("a rule is applied to every node, in the bodies of scans too, and lines are kept") {
  const Tensor weight = full({2}, 3);
  const Graph graph = trace(
      [&](const Tensors& x) {
        const auto result = scan(
            [&](const Tensors& c, const Tensors& in) {
              return Carried{{tanh(c[0] * weight) + in[0]}, {c[0]}};
            },
            {x[0]}, {x[1]});
        return Tensors{tanh(result.carry[0]), result.ys[0]};
      },
      {Spec{DType::float32, {2}}, Spec{DType::float32, {3, 2}}});
  const Graph after = rewrite(graph, doubled);
  const Node& last = after.outputs[0].node();
  CHECK(last.op->name() == "add");
  CHECK(std::string(last.where.file).find("passes_test.cpp") != std::string::npos);
  CHECK(after.outputs[1].node().op->body()->outputs[0].input(0).op().name() == "add");
  const Tensors values = evaluate(after, {ones({2}), ones({3, 2})});
  CHECK(values[0].to_vector()[0] == 2 * (6 * (6 * (6 * 1 + 1) + 1) + 1));
  CHECK(values[1].to_vector() == std::vector<float>{1, 1, 7, 7, 43, 43});
}

TEST_CASE("a rule that finds nothing leaves the nodes as they are") {
  const Graph graph = trace([](const Tensors& x) { return Tensors{x[0] * 2 + sum(x[0])}; }, {Spec{}});
  CHECK(rewrite(graph, doubled).outputs[0].is(graph.outputs[0]));
}

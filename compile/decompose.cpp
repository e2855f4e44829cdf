#include <sluice/compile/decompose.h>
#include <sluice/compile/keep_errors.h>
#include <sluice/compile/rewrite.h>
#include <sluice/graph/answers.h>

#include <fmt/format.h>

namespace sluice {

namespace {

[[noreturn]] void refuse_endless(const Node& node, int rounds) {
  throw Error(
      fmt::format("[{0}] an op must decompose into simpler ops: got '{0}' again after {1} times; correct "
                  "decompose of the op",
                  node.op->name(), rounds),
      node.where);
}

}  // namespace

Graph decompose(const Graph& graph) {
  constexpr int most_rounds = 64;  // one for each op inside of another
  constexpr int most_ops = 100'000;
  int ops = 0;
  Graph now = graph;
  std::shared_ptr<const Node> last;
  for (int round = 0; round < most_rounds; ++round) {
    last.reset();
    now = keep_errors(now);  // rewriting leaves out what a scan does not need
    now = rewrite(now, [&](const Node& node, const Tensors& inputs) {
      Tensors parts = detail::ask_decompose(node, inputs);
      if (!parts.empty()) last = node.shared_from_this();
      if (!parts.empty() && ++ops > most_ops) refuse_endless(*last, round);
      return parts;
    });
    if (last == nullptr) return now;
  }
  refuse_endless(*last, most_rounds);
}

}  // namespace sluice

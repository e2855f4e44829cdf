#include <sluice/compile/passes.h>
#include <sluice/compile/rewrite.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/walk.h>

#include <cstring>
#include <string>
#include <typeindex>
#include <unordered_map>

namespace sluice::passes {

namespace {

/// The properties that two nodes must share to compute the same.
struct Key {
  std::type_index op;
  std::string attributes;
  Tensors inputs;

  friend bool operator==(const Key& a, const Key& b) {
    return a.op == b.op && a.attributes == b.attributes &&
           std::equal(a.inputs.begin(), a.inputs.end(), b.inputs.begin(), b.inputs.end(), TensorIdentity());
  }
};

struct KeyHash {
  std::size_t operator()(const Key& key) const {
    std::size_t hash = key.op.hash_code() ^ std::hash<std::string>()(key.attributes);
    for (const Tensor& input : key.inputs) hash = hash * 1099511628211u + TensorHash()(input);
    return hash;
  }
};

/// The nodes seen so far, and the constants by their bits.
class Shared {
 public:
  Tensors replacement(const Node& node, const Tensors& inputs) {
    Tensors with_shared_constants = inputs;
    for (Tensor& input : with_shared_constants) input = shared_constant(input);
    if (node.op->body() != nullptr) return {};
    const Op& op = *node.op;
    const auto [entry, inserted] =
        nodes_.try_emplace(Key{typeid(op), op.attributes(), std::move(with_shared_constants)});
    if (inserted) {
      const bool same =
          std::equal(node.inputs.begin(), node.inputs.end(), entry->first.inputs.begin(), TensorIdentity());
      entry->second = same ? outputs_of(Tensor(node.shared_from_this()))
                           : outputs_of(make(node.op, entry->first.inputs, node.where));
      if (same) return {};
    }
    return entry->second;
  }

 private:
  Tensor shared_constant(const Tensor& t) {
    const auto* constant = dynamic_cast<const Constant*>(&t.op());
    if (constant == nullptr || t.spec().bytes() > most_bytes) return t;
    std::string bits = t.spec().text();
    bits.append(static_cast<const char*>(constant->data()), t.spec().bytes());
    return constants_.try_emplace(std::move(bits), t).first->second;
  }

  static constexpr std::size_t most_bytes = 4096;  // larger ones do not come from formulas

  std::unordered_map<Key, Tensors, KeyHash> nodes_;
  std::unordered_map<std::string, Tensor> constants_;
};

}  // namespace

/// Common subexpression elimination: nodes with the same op, attributes and inputs become one node, also in
/// the bodies of scans. Ops are pure, and two ops of one class with equal attributes compute the same.
Graph share(const Graph& graph) {
  Shared shared;
  return rewrite(graph,
                 [&](const Node& node, const Tensors& inputs) { return shared.replacement(node, inputs); });
}

}  // namespace sluice::passes

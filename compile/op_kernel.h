#pragma once

#include <sluice/compile/kernel.h>

namespace sluice {

/// One op on dense memory, by its own run(): possible for every node.
class OpKernel final : public Kernel {
 public:
  /// The specs are those of the values, which may have fewer rows than the node.
  OpKernel(std::shared_ptr<const Node> node, const Specs& inputs, const Specs& outputs);
  void run(const Addresses& at) override;
  /// The work memory of the op for this many workers; if not 0, it is temporaries[0].
  std::size_t work_bytes(int workers);
  bool may_overwrite(std::size_t read, std::size_t written) const override;
  std::string name() const override { return std::string(node_->op->name()); }
  std::string details() const override { return node_->op->attributes(); }

 private:
  std::shared_ptr<const Node> node_;
  std::vector<View> inputs_;
  std::vector<MutableView> outputs_;
  int workers_ = 1;
};

}  // namespace sluice

#include <sluice/compile/op_kernel.h>
#include <sluice/graph/guard.h>

namespace sluice {

OpKernel::OpKernel(std::shared_ptr<const Node> node, const Specs& inputs, const Specs& outputs)
    : node_(std::move(node)) {
  for (const Spec& spec : inputs) inputs_.push_back({spec, nullptr});
  for (const Spec& spec : outputs) outputs_.push_back({spec, nullptr});
}

std::size_t OpKernel::work_bytes(int workers) {
  workers_ = workers;
  Specs specs;
  for (const View& input : inputs_) specs.push_back(input.spec);
  return node_->op->work_bytes(specs, workers);
}

void OpKernel::run(const Addresses& at) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) inputs_[i].data = at[reads[i]];
  for (std::size_t i = 0; i < outputs_.size(); ++i)
    outputs_[i].data = writes[i] == Value::none ? nullptr : at[writes[i]];
  try {
    detail::guarded(*node_->op, "run", node_->where, [&] {
      node_->op->run_in({temporaries.empty() ? nullptr : at[temporaries[0]], workers_}, inputs_, outputs_);
    });
  } catch (Error& error) {
    error.locate(node_->where);
    throw;
  }
}

bool OpKernel::may_overwrite(std::size_t, std::size_t) const {
  return node_->op->in_place() && outputs_.size() == 1;
}

}  // namespace sluice

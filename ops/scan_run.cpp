#include <sluice/graph/call.h>
#include <sluice/graph/evaluate.h>
#include <sluice/ops/scan_op.h>

#include <cstring>

namespace sluice {

namespace {

void copy_bytes(void* to, const void* from, std::size_t bytes) {
  if (bytes > 0) std::memcpy(to, from, bytes);
}

Array array_of(const Spec& spec, const void* data) {
  Array array(spec);
  copy_bytes(array.data(), data, spec.bytes());
  return array;
}

const void* at_time(const void* base, Index t, std::size_t bytes) {
  return static_cast<const std::byte*>(base) + static_cast<std::size_t>(t) * bytes;
}

}  // namespace

// Runs the loop described in ops/scan.h through the interpreter. Compiled programs have their own loop.
void ScanOp::run(std::span<const View> inputs, std::span<const MutableView> outputs) const {
  Graph step = body_;  // computes the next carries and the stacked values that are used
  step.outputs.resize(counts_.carries);
  std::vector<MutableView> wanted;
  for (std::size_t i = 0; i < stacked_.size(); ++i) {
    if (outputs[counts_.carries + i].data == nullptr) continue;
    step.outputs.push_back(stacked_[i]);
    wanted.push_back(outputs[counts_.carries + i]);
  }
  const Interpreter interpreter(step);

  Arrays arguments;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const bool over_time = i >= counts_.carries && i < counts_.carries + counts_.xs;
    arguments.push_back(over_time ? Array() : array_of(inputs[i].spec, inputs[i].data));
  }
  detail::LoopStep running(detail::Call::user_of({}), step_count_);
  const auto run_step = [&](Index t) {
    running.begin(t);
    for (std::size_t x = counts_.carries; x < counts_.carries + counts_.xs; ++x) {
      const Spec& spec = body_.inputs[x].spec();
      arguments[x] = array_of(spec, at_time(inputs[x].data, t, spec.bytes()));
    }
    Arrays results = interpreter.run(arguments);
    for (std::size_t k = 0; k < wanted.size(); ++k) {
      const Array& value = results[counts_.carries + k];
      copy_bytes(const_cast<void*>(at_time(wanted[k].data, t, value.bytes())), value.data(), value.bytes());
    }
    std::move(results.begin(), results.begin() + static_cast<std::ptrdiff_t>(counts_.carries),
              arguments.begin());
  };
  try {
    for (Index i = 0; i < length_; ++i) run_step(time(i));
  } catch (Error& error) {
    running.tell(error);
    throw;
  }
  for (std::size_t i = 0; i < counts_.carries; ++i) {
    if (outputs[i].data != nullptr) copy_bytes(outputs[i].data, arguments[i].data(), arguments[i].bytes());
  }
}

}  // namespace sluice

#include <sluice/check/child.h>
#include <sluice/check/guarded.h>
#include <sluice/check/op_calls.h>
#include <sluice/check/runs.h>
#include <sluice/graph/tensor.h>

#include <fmt/format.h>

#include <cstring>
#include <memory>
#include <new>

namespace sluice::detail {

namespace {

constexpr int nan_bytes = 0xFF;  // a NaN in both floating-point dtypes

/// One op in the child process: notes what it is about to try, and tries it.
class Trial {
 public:
  Trial(const OpCall& call, Note& note) : call_(call), note_(note), outputs_(call.node->outputs) {}

  void run_all() const {
    say("run ends the process");
    plain(call_.inputs, outputs_);
    for (const Guarded::Guard guard : {Guarded::Guard::behind, Guarded::Guard::before}) {
      guard_operands(guard);
      guard_outputs(guard);
      guard_work_memory(guard);
    }
    leave_outputs();
    without_elements();
    with_fewer_operands();
  }

 private:
  void say(const std::string& fault) const { note_.write(fmt::format("{} {}", call_.text(), fault)); }

  void plain(const Arrays& inputs, const Specs& outputs) const {
    Arrays results = filled_outputs(outputs, nan_bytes);
    call_.op().run(views(inputs), mutable_views(results));
  }

  static std::string_view side(Guarded::Guard guard) {
    return guard == Guarded::Guard::behind ? "beyond the end" : "before the beginning";
  }

  void guard_operands(Guarded::Guard guard) const {
    for (std::size_t i = 0; i < call_.inputs.size(); ++i) {
      const Array& input = call_.inputs[i];
      Guarded copy(input.bytes(), guard);
      if (input.bytes() > 0) std::memcpy(copy.data(), input.data(), input.bytes());
      std::vector<View> from = views(call_.inputs);
      from[i].data = copy.data();
      Arrays results = filled_outputs(outputs_, nan_bytes);
      say(fmt::format("touches memory {} of operand {} in run; stay within its {} elements", side(guard), i,
                      input.shape().size()));
      call_.op().run(from, mutable_views(results));
    }
  }

  void guard_outputs(Guarded::Guard guard) const {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
      Arrays results = filled_outputs(outputs_, nan_bytes);
      Guarded memory(results[i].bytes(), guard);
      std::vector<MutableView> to = mutable_views(results);
      to[i].data = memory.data();
      say(fmt::format("touches memory {} of output {} in run; stay within its {} elements", side(guard), i,
                      outputs_[i].shape.size()));
      call_.op().run(views(call_.inputs), to);
    }
  }

  void guard_work_memory(Guarded::Guard guard) const {
    const Specs specs = call_.specs();
    const std::size_t bytes = call_.op().work_bytes(specs, 1);
    if (bytes == 0) return;
    // Work memory is aligned to 64 bytes, so up to 63 behind it may be touched unseen.
    Guarded memory((bytes + 63) / 64 * 64, guard);
    Arrays results = filled_outputs(outputs_, nan_bytes);
    say(fmt::format(
        "touches memory {} of the {} bytes that work_bytes asks for; ask for all that run_in needs",
        side(guard), bytes));
    call_.op().run_in({memory.data(), 1}, views(call_.inputs), mutable_views(results));
  }

  void leave_outputs() const {
    for (std::size_t i = 0; i < outputs_.size() && outputs_.size() > 1; ++i) {
      Arrays results = filled_outputs(outputs_, nan_bytes);
      std::vector<MutableView> to = mutable_views(results);
      to[i].data = nullptr;
      say(fmt::format(
          "writes output {} in run though its data is null, for nobody reads it; skip outputs whose "
          "data is null",
          i));
      call_.op().run(views(call_.inputs), to);
    }
  }

  /// An axis of length 0 in all operands that have it.
  void without_elements() const {
    for (Index axis = 0; axis < call_.inputs.front().shape().rank(); ++axis) {
      const Index length = call_.inputs.front().shape()[axis];
      Arrays inputs = call_.inputs;
      Specs specs;
      std::string text;
      for (Array& input : inputs) {
        if (axis < input.shape().rank() && input.shape()[axis] == length)
          input = Array(Spec{input.dtype(), input.shape().with(axis, 0)});
        specs.push_back(input.spec());
        text += (text.empty() ? "" : ", ") + input.spec().text();
      }
      say(
          fmt::format("ends the process for operands without elements, {}; handle lengths of 0, or refuse "
                      "them in infer",
                      text));
      try {
        plain(inputs, call_.op().infer(specs));
      } catch (const std::exception&) {  // refused
      }
    }
  }

  /// The specs that are there end at a guarded page.
  void with_fewer_operands() const {
    if (call_.op().takes().operands != Takes::any_number) return;
    const Specs specs = call_.specs();
    static_assert(std::is_trivially_destructible_v<Spec>);
    for (std::size_t count = specs.size(); count-- > 0;) {
      Guarded memory(count * sizeof(Spec), Guarded::Guard::behind);
      auto* fewer = static_cast<Spec*>(memory.data());
      std::uninitialized_copy_n(specs.begin(), count, fewer);
      say(fmt::format(
          "reads operand {} of {} in infer; say how many it takes: `Takes takes() const override {{ "
          "return {{.operands = {}}}; }}`",
          count, count, specs.size()));
      try {
        static_cast<void>(call_.op().infer(std::span<const Spec>(fewer, count)));
      } catch (const std::exception&) {  // refused
      }
    }
  }

  const OpCall& call_;
  Note& note_;
  const Specs outputs_;
};

}  // namespace

void check_memory(const Graph& graph, const Tensors& arguments, std::string_view who) {
  const std::optional<Crash> crash = run_in_child([&](Note& note) {
    for (const Node* node : distinct_nodes(graph)) {
      note.write(fmt::format("what '{}' is made of ends the process", node->op->name()));
      Trial({node, operands_of(*node, graph, arguments)}, note).run_all();
    }
  });
  if (crash) throw Error(fmt::format("[{}] {} ({})", who, crash->note, crash->reason));
}

}  // namespace sluice::detail

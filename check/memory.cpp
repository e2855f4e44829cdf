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
constexpr auto none = static_cast<std::size_t>(-1);
constexpr auto all = static_cast<std::size_t>(-2);

/// Copies of operands, and outputs full of NaN, one of them, all or none beside a guarded page.
struct Memory {
  Memory(const Arrays& inputs, const Specs& outputs, std::size_t guarded = none,
         Guarded::Guard guard = Guarded::Guard::none) {
    const auto place = [&](std::size_t bytes) {
      const bool is_guarded = guarded == all || blocks.size() == guarded;
      blocks.push_back(std::make_unique<Guarded>(bytes, is_guarded ? guard : Guarded::Guard::none));
      return blocks.back()->data();
    };
    for (const Array& input : inputs) {
      void* data = place(input.bytes());
      if (input.bytes() > 0) std::memcpy(data, input.data(), input.bytes());
      from.push_back({input.spec(), data});
    }
    for (const Spec& spec : outputs)
      to.push_back({spec, std::memset(place(spec.bytes()), nan_bytes, spec.bytes())});
  }

  std::vector<std::unique_ptr<Guarded>> blocks;
  std::vector<View> from;
  std::vector<MutableView> to;
};

/// One op in the child process: notes what it is about to try, and tries it.
class Trial {
 public:
  Trial(const OpCall& call, Note& note) : call_(call), note_(note), outputs_(call.node->outputs) {}

  void run_all() const {
    say("run ends the process");
    run(Memory(call_.inputs, outputs_));
    for (const Guard guard : {Guard::behind, Guard::before}) {
      for (std::size_t i = 0; i < call_.inputs.size() + outputs_.size(); ++i) guard_one(i, guard);
      guard_work_memory(guard);
    }
    leave_outputs();
    without_elements();
    with_fewer_operands();
  }

 private:
  using Guard = Guarded::Guard;

  void say(const std::string& fault) const { note_.write(fmt::format("{} {}", call_.text(), fault)); }
  void run(const Memory& memory) const { call_.op().run(memory.from, memory.to); }

  static std::string_view side(Guard guard) {
    return guard == Guard::behind ? "beyond the end" : "before the beginning";
  }

  /// Of operands and then outputs, number i has a guarded page beside it.
  void guard_one(std::size_t i, Guard guard) const {
    const bool is_operand = i < call_.inputs.size();
    const std::size_t number = is_operand ? i : i - call_.inputs.size();
    say(fmt::format("touches memory {} of {} {} in run; stay within its {} elements", side(guard),
                    is_operand ? "operand" : "output", number,
                    is_operand ? call_.inputs[i].shape().size() : outputs_[number].shape.size()));
    run(Memory(call_.inputs, outputs_, i, guard));
  }

  void guard_work_memory(Guard guard) const {
    const Specs specs = call_.specs();
    const std::size_t bytes = call_.op().work_bytes(specs, 1);
    if (bytes == 0) return;
    // Work memory is aligned to 64 bytes, so up to 63 behind it may be touched unseen.
    Guarded work((bytes + 63) / 64 * 64, guard);
    const Memory memory(call_.inputs, outputs_);
    say(fmt::format(
        "touches memory {} of the {} bytes that work_bytes asks for; ask for all that run_in needs",
        side(guard), bytes));
    call_.op().run_in({work.data(), 1}, memory.from, memory.to);
  }

  void leave_outputs() const {
    for (std::size_t i = 0; i < outputs_.size() && outputs_.size() > 1; ++i) {
      Memory memory(call_.inputs, outputs_);
      memory.to[i].data = nullptr;
      say(fmt::format(
          "writes output {} in run although its data is null because nobody reads it; skip outputs whose "
          "data is null",
          i));
      run(memory);
    }
  }

  /// An axis of length 0 in all operands that have it.
  void without_elements() const {
    const Index rank = call_.inputs.empty() ? 0 : call_.inputs.front().shape().rank();
    for (Index axis = 0; axis < rank; ++axis) {
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
        run(Memory(inputs, call_.op().infer(specs), all, Guard::behind));
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
      Guarded memory(count * sizeof(Spec), Guard::behind);
      auto* fewer = static_cast<Spec*>(memory.data());
      std::uninitialized_copy_n(specs.begin(), count, fewer);
      say(fmt::format(
          "reads operand {} in infer when it has {}; say how many it takes, `Takes takes() const override {{ "
          "return {{.operands = {}}}; }}`, or refuse so few in infer",
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
    note.write("asking an op for its members ends the process");
    for (const Node* node : distinct_nodes(graph)) {
      note.write(fmt::format("what '{}' is made of ends the process", node->op->name()));
      Trial({node, operands_of(*node, graph, arguments)}, note).run_all();
    }
  });
  if (!crash) return;
  if (!crash->timed_out) throw Error(fmt::format("[{}] {} ({})", who, crash->note, crash->reason));
  throw Error(
      fmt::format("[{}] a process that tries ops must go on: got {} when looking whether {}; set isolated = "
                  "false for ops that are slow or start threads of their own",
                  who, crash->reason, crash->note));
}

}  // namespace sluice::detail

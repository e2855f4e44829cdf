#include <sluice/compile/arena.h>
#include <sluice/compile/schedule.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/walk.h>
#include <sluice/ops/scan_op.h>

#include <algorithm>
#include <unordered_set>

namespace sluice {

namespace {

using Home = Schedule::Home;

class Builder {
 public:
  explicit Builder(const ScheduleRequest& request) : request_(request) {
    Tensors results = request.outputs;
    for (const auto& update : request.updates) results.push_back(update.value);
    order_ = topological_order(results);
    for (const Node* node : order_) used_.insert(node->inputs.begin(), node->inputs.end());
    used_.insert(results.begin(), results.end());
  }

  Schedule build() {
    add_leaves();
    add_outputs();
    for (const Node* node : order_) {
      if (leaf_of(*node) == nullptr) add_step(*node);
    }
    for (const Schedule::Copy& copy : late_copies_) add_copy(copy);
    add_updates();
    find_lifetimes();
    if (request_.update_in_place) update_in_place();
    plan_memory();
    schedule_.at.resize(schedule_.values.size());
    for (std::size_t i = 0; i < schedule_.values.size(); ++i) {
      schedule_.at[i] = static_cast<std::byte*>(schedule_.values[i].fixed);
    }
    return std::move(schedule_);
  }

 private:
  std::size_t add_value(const Spec& spec, Home home, void* fixed = nullptr) {
    schedule_.values.push_back({spec, home, 0, fixed});
    return schedule_.values.size() - 1;
  }

  /// The value of a leaf; Variables that are only written appear here too.
  std::size_t leaf_value(const Tensor& leaf) {
    const auto [entry, inserted] = value_of_.try_emplace(leaf, 0);
    // Constants are never written; a Variable's memory is, by updates.
    if (inserted)
      entry->second = add_value(leaf.spec(), Home::fixed, const_cast<void*>(leaf_of(leaf.node())->data()));
    return entry->second;
  }

  void add_leaves() {
    for (const Tensor& input : request_.inputs) {
      const std::size_t value = add_value(input.spec(), Home::bound);
      value_of_[input] = value;
      schedule_.inputs.push_back(value);
    }
    for (const Node* node : order_) {
      if (leaf_of(*node) != nullptr) leaf_value(Tensor(node->shared_from_this()));
    }
  }

  /// An output is computed right where it is wanted, unless it is a leaf or wanted twice.
  void add_outputs() {
    for (const Tensor& output : request_.outputs) {
      const std::size_t value = add_value(output.spec(), Home::bound);
      schedule_.outputs.push_back(value);
      const auto [entry, inserted] = value_of_.try_emplace(output, value);
      if (inserted) continue;
      const Schedule::Copy copy{entry->second, value};
      // A leaf is copied before a step could change the memory it is in, a computed value when it is there.
      if (leaf_of(output.node()) != nullptr) {
        add_copy(copy);
      } else {
        late_copies_.push_back(copy);
      }
    }
  }

  std::size_t output_value(const Tensor& t) {
    const auto [entry, inserted] = value_of_.try_emplace(t, 0);
    if (inserted) entry->second = add_value(t.spec(), Home::arena);
    return entry->second;
  }

  void add_step(const Node& node) {
    Schedule::Step step;
    step.node = node.shared_from_this();
    const auto* scan = dynamic_cast<const ScanOp*>(node.op.get());
    for (const Tensor& input : node.inputs) {
      step.inputs.push_back(value_of_.at(input));
      step.input_views.push_back({input.spec(), nullptr});
    }
    for (std::size_t i = 0; i < node.outputs.size(); ++i) {
      const Tensor output(step.node, static_cast<int>(i));
      const bool is_carry =
          scan != nullptr && i < scan->counts().carries;  // its memory is needed in any case
      step.outputs.push_back(is_carry || used_.count(output) > 0 ? output_value(output) : Schedule::none);
      step.output_views.push_back({node.outputs[i], nullptr});
    }
    if (scan != nullptr) step.loop = make_loop(*scan, step);
    schedule_.steps.push_back(std::move(step));
  }

  std::unique_ptr<Schedule::Loop> make_loop(const ScanOp& scan, const Schedule::Step& step) {
    const Graph& body = *scan.body();
    const ScanOp::Counts& counts = scan.counts();
    ScheduleRequest request;
    request.inputs = body.inputs;
    request.update_in_place = true;
    for (std::size_t i = 0; i < counts.carries; ++i)
      request.updates.push_back({body.outputs[i], body.inputs[i]});
    std::vector<std::size_t> stacked;  // values outside that the body's outputs are stacked into
    for (std::size_t i = counts.carries; i < step.outputs.size(); ++i) {
      if (step.outputs[i] == Schedule::none) continue;
      request.outputs.push_back(scan.stacked()[i - counts.carries]);
      stacked.push_back(step.outputs[i]);
    }
    auto loop = std::make_unique<Schedule::Loop>();
    loop->scan = &scan;
    loop->body = std::make_unique<Schedule>(make_schedule(request));
    const Spec scratch{DType::boolean, Shape{static_cast<Index>(loop->body->arena_bytes)}};
    loop->scratch = add_value(scratch, Home::arena);
    const auto& inside = loop->body->inputs;
    for (std::size_t i = 0; i < inside.size(); ++i) {
      if (i < counts.carries) {
        loop->carries.push_back({step.inputs[i], step.outputs[i], inside[i]});
      } else {
        auto& bindings = i < counts.carries + counts.xs ? loop->moving : loop->captures;
        bindings.push_back({step.inputs[i], inside[i]});
      }
    }
    for (std::size_t i = 0; i < stacked.size(); ++i)
      loop->moving.push_back({stacked[i], loop->body->outputs[i]});
    return loop;
  }

  void add_copy(const Schedule::Copy& copy) {
    Schedule::Step step;
    step.inputs = {copy.from};
    step.outputs = {copy.to};
    schedule_.steps.push_back(std::move(step));
  }

  void add_updates() {
    for (const auto& update : request_.updates) {
      const std::size_t to = leaf_value(update.target);
      std::size_t from = value_of_.at(update.value);
      if (from == to) continue;
      if (leaf_of(update.value.node()) != nullptr) {
        // The old value of another target, perhaps (two Variables that swap): take it before updates begin.
        const std::size_t staged = add_value(update.value.spec(), Home::arena);
        add_copy({from, staged});
        from = staged;
      }
      schedule_.updates.push_back({from, to});
    }
  }

  void find_lifetimes() {
    first_.assign(schedule_.values.size(), 0);
    last_.assign(schedule_.values.size(), 0);
    for (std::size_t i = 0; i < schedule_.steps.size(); ++i) {
      const Schedule::Step& step = schedule_.steps[i];
      for (std::size_t value : step.inputs) last_[value] = i;
      for (std::size_t value : step.outputs) {
        if (value != Schedule::none) first_[value] = last_[value] = i;
      }
      if (step.loop != nullptr) first_[step.loop->scratch] = last_[step.loop->scratch] = i;
    }
    for (const Schedule::Copy& update : schedule_.updates) last_[update.from] = schedule_.steps.size();
  }

  /// An update whose target nobody reads any more when the new value is computed needs no copy.
  void update_in_place() {
    std::vector<Schedule::Copy> copies;
    for (const Schedule::Copy& update : schedule_.updates) {
      Schedule::Value& value = schedule_.values[update.from];
      const std::size_t made = first_[update.from];
      const Schedule::Step& step = schedule_.steps[made];
      const bool over_last_use = last_[update.to] == made && contains(step.inputs, update.to);
      const bool may_overwrite = !over_last_use || (step.node != nullptr && step.node->op->in_place());
      if (value.home == Home::arena && last_[update.to] <= made && may_overwrite) {
        value.home = Home::bound;
        schedule_.in_place.push_back(update);
      } else {
        copies.push_back(update);
      }
    }
    schedule_.updates = std::move(copies);
  }

  void plan_memory() {
    std::vector<std::vector<std::size_t>> ends(schedule_.steps.size());
    for (std::size_t value = 0; value < schedule_.values.size(); ++value) {
      if (schedule_.values[value].home == Home::arena && last_[value] < ends.size())
        ends[last_[value]].push_back(value);
    }
    ArenaPlanner arena;
    std::vector<bool> handed_on(schedule_.values.size(), false);
    const auto place = [&](std::size_t value) {
      Schedule::Value& v = schedule_.values[value];
      if (v.home == Home::arena) v.offset = arena.allocate(v.spec.bytes());
    };
    for (std::size_t i = 0; i < schedule_.steps.size(); ++i) {
      const Schedule::Step& step = schedule_.steps[i];
      if (const std::size_t input = overwritten_input(i, handed_on); input != Schedule::none) {
        schedule_.values[step.outputs[0]].offset = schedule_.values[input].offset;
        handed_on[input] = true;
      } else {
        for (std::size_t value : step.outputs) {
          if (value != Schedule::none) place(value);
        }
      }
      if (step.loop != nullptr) place(step.loop->scratch);
      for (std::size_t value : ends[i]) {
        if (!handed_on[value])
          arena.release(schedule_.values[value].offset, schedule_.values[value].spec.bytes());
      }
    }
    schedule_.arena_bytes = arena.size();
  }

  /// The input that a step may compute its output in the memory of, or none.
  std::size_t overwritten_input(std::size_t i, const std::vector<bool>& handed_on) const {
    const Schedule::Step& step = schedule_.steps[i];
    if (step.node == nullptr || !step.node->op->in_place() || step.outputs.size() != 1) return Schedule::none;
    const Schedule::Value& output = schedule_.values[step.outputs[0]];
    if (output.home != Home::arena) return Schedule::none;
    for (std::size_t input : step.inputs) {
      const Schedule::Value& value = schedule_.values[input];
      if (value.home == Home::arena && last_[input] == i && !handed_on[input] && value.spec == output.spec)
        return input;
    }
    return Schedule::none;
  }

  static bool contains(const std::vector<std::size_t>& values, std::size_t value) {
    return std::find(values.begin(), values.end(), value) != values.end();
  }

  const ScheduleRequest& request_;
  Schedule schedule_;
  std::vector<const Node*> order_;
  std::unordered_set<Tensor, TensorHash, TensorIdentity> used_;
  TensorMap<std::size_t> value_of_;
  std::vector<Schedule::Copy> late_copies_;
  std::vector<std::size_t> first_;  // step that makes a value
  std::vector<std::size_t> last_;   // last step that reads it
};

}  // namespace

Schedule make_schedule(const ScheduleRequest& request) { return Builder(request).build(); }

}  // namespace sluice

#pragma once

#include <sluice/compile/group_kernel.h>
#include <sluice/compile/loop_kernel.h>
#include <sluice/compile/product_kernel.h>
#include <sluice/compile/rows.h>
#include <sluice/compile/schedule.h>
#include <sluice/compile/units.h>

#include <optional>
#include <unordered_set>

namespace sluice {

/// Makes a schedule of a request: a value for every tensor, kernels in order, then memory addresses.
class ScheduleBuilder {
 public:
  explicit ScheduleBuilder(const ScheduleRequest& request);
  Schedule build();

 private:
  // Values (schedule_builder.cpp)
  std::size_t add_value(const Spec& spec, Value::Home home, const Node* node = nullptr,
                        std::string_view role = {});
  std::size_t add_part(std::size_t of, const Spec& spec, Window window);
  std::optional<Window> composed(const Value& whole, const Spec& part, Window window) const;
  Spec spec_of(const Tensor& t) const;
  std::size_t leaf_value(const Tensor& leaf);
  std::size_t output_value(const Tensor& t);
  std::size_t dense_value(const Tensor& t);
  const Value& value(std::size_t number) const { return schedule_.values[number]; }
  std::size_t add_bound(const Tensor& t, const std::vector<ScheduleRequest::Place>& places, std::size_t index,
                        bool far);
  void add_inputs();
  void add_outputs();
  void add_updates();
  void find_destinations();
  void find_parts_of_bound();

  // Kernels (schedule_kernels.cpp)
  void add_unit(const Unit& unit);
  bool add_window(const Node& node);
  bool add_concat(const Node& node);
  bool add_product(const Node& node);
  void add_group(const Unit& unit);
  void add_op(const Node& node);
  void add_copy(std::size_t from, std::size_t to);
  void add_work_memory(Kernel& kernel, std::size_t bytes, const Node& node);
  int workers() const;
  void add_kernel(std::unique_ptr<Kernel> kernel) { schedule_.kernels.push_back(std::move(kernel)); }
  void write_late(std::vector<GroupKernel::Instruction>& instructions, const std::vector<std::size_t>& reads,
                  const std::vector<std::size_t>& writes) const;
  std::optional<std::size_t> input_to_pack(const Node& product) const;
  std::optional<std::size_t> packed_operand(const Node& product, const ProductSizes& sizes);
  void find_products_of_parts();

  // Loops (schedule_loops.cpp)
  std::size_t initial_value(const Tensor& t);
  void add_loop(const Node& node, const ScanOp& scan);
  void place_stacks(const Node& node, const ScanOp& scan, std::size_t carry, LoopKernel::Carry& to);
  std::optional<RowWise> divided_rows(const ScanOp& scan, const ScheduleRequest& body) const;
  void add_chunks(LoopKernel& loop, const std::optional<RowWise>& rows, ScheduleRequest& body);
  void bind_loop(LoopKernel& loop, const Node& node, const ScanOp& scan, const Tensors& stacked_inside,
                 const std::vector<std::size_t>& stacked_outside);

  // Outputs of a loop over its inputs (reuse_stacks.cpp)
  struct Offer;
  std::vector<Offer> offers(const Node& node, const ScanOp& scan, const RowWise* rows) const;
  bool dies(std::size_t memory) const;
  bool only_loops_read(const Tensor& t) const;
  std::optional<std::size_t> take_over(const Tensor& y, const Tensor& inside,
                                       const std::vector<Offer>& offers,
                                       const std::vector<std::size_t>& taken);
  void reuse_stacks(const Node& node, const ScanOp& scan, const std::vector<std::size_t>& ys,
                    const RowWise* rows, ScheduleRequest& body);
  ScheduleRequest::Place place_of(std::size_t number) const;

  /// Where a tensor is to be computed: within the output of a concat.
  struct Destination {
    const Node* concat;
    std::size_t input;
  };

  const ScheduleRequest& request_;
  Schedule schedule_;
  std::vector<const Node*> order_;
  std::vector<Unit> units_;
  std::size_t unit_ = 0;              // unit whose kernel is being made
  TensorMap<std::size_t> last_unit_;  // last unit that reads a tensor; for results one past the end
  std::unordered_set<Tensor, TensorHash, TensorIdentity> used_;
  std::unordered_set<const Node*> results_;
  std::unordered_set<const Node*> read_in_parts_;
  std::unordered_set<Tensor, TensorHash, TensorIdentity> leaves_unit_;  // read by another unit, or a result
  TensorMap<std::size_t> value_of_;
  TensorMap<std::size_t> dense_of_;
  TensorMap<Destination> destination_;
  std::unordered_set<const Node*> zeros_;  // used only as initial values of loops
  std::unordered_set<Tensor, TensorHash, TensorIdentity> stacks_taken_;
  TensorMap<bool> cut_;  // of the current loop: the body's tensors whose rows threads divide
  std::vector<Schedule::Copy> late_copies_;
};

/// Turns lifetimes into offsets: values that do not live at the same time share memory, kernels overwrite
/// inputs that are not read again, and updates are computed in place once their old value is dead.
/// `transactional`: updates of Variables wait until nothing can fail any more.
void plan_memory(Schedule& schedule, bool transactional);

}  // namespace sluice

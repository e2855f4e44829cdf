#include <sluice/compile/copy_kernel.h>
#include <sluice/compile/matmul_add.h>
#include <sluice/compile/op_kernel.h>
#include <sluice/compile/product_kernel.h>
#include <sluice/compile/schedule_builder.h>
#include <sluice/compile/shared_memory.h>
#include <sluice/graph/answers.h>
#include <sluice/kernels/gemm.h>
#include <sluice/kernels/packed_matrix.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/inspect.h>
#include <sluice/ops/scan_op.h>

#include <algorithm>

namespace sluice {

namespace {

/// The index of a value in a list, to which it is added if missing.
std::size_t number_in(std::vector<std::size_t>& list, std::size_t value) {
  const auto found = std::find(list.begin(), list.end(), value);
  if (found != list.end()) return static_cast<std::size_t>(found - list.begin());
  list.push_back(value);
  return list.size() - 1;
}

/// With fewer rows packing does not pay.
constexpr Index least_rows_to_pack = 16;

/// The options of a product, with or without an addend.
std::optional<MatMulOptions> product_options(const Node& node) {
  if (const auto* matmul = detail::as_matmul(*node.op)) return matmul->options();
  if (const auto* onto = dynamic_cast<const MatMulAdd*>(node.op.get())) return onto->options();
  return std::nullopt;
}

Spec packed_spec(DType dtype, Index inner, Index columns) {
  const Index size = dtype == DType::float64 ? kernels::packed_size<double>(inner, columns)
                                             : kernels::packed_size<float>(inner, columns);
  return {dtype, Shape{size}};
}

}  // namespace

void ScheduleBuilder::add_unit(const Unit& unit) {
  const Node& node = *unit.front();
  if (zeros_.count(&node) > 0 || read_in_parts_.count(&node) > 0) return;
  const bool elementwise = dynamic_cast<const ElementwiseOp*>(node.op.get()) != nullptr;
  if (elementwise && node.outputs[0].shape.size() > 0 &&
      (request_.lowering.fuse || request_.lowering.windows)) {
    add_group(unit);
  } else if (const auto* scan = dynamic_cast<const ScanOp*>(node.op.get())) {
    add_loop(node, *scan);
  } else if (!(request_.lowering.windows && (add_window(node) || add_concat(node))) && !add_product(node)) {
    add_op(node);
  }
}

/// Makes the output of a slice or a reshape a view of the input; copies only if it must be elsewhere.
bool ScheduleBuilder::add_window(const Node& node) {
  if (node.inputs.size() != 1 || node.outputs.size() != 1) return false;
  const Tensor output(node.shared_from_this());
  const auto window = detail::ask_window_in_input(node, spec_of(node.inputs[0]));
  if (!window) return false;
  const std::size_t source = value_of_.at(node.inputs[0]);
  auto place = composed(value(source), spec_of(output), *window);
  const std::size_t whole = place ? source : dense_value(node.inputs[0]);
  const std::size_t part = add_part(whole, spec_of(output), place ? *place : *window);
  if (value_of_.count(output) > 0 || destination_.count(output) > 0) {
    add_copy(part, output_value(output));
  } else {
    value_of_[output] = part;
  }
  return true;
}

/// Makes the inputs of a concat views of its output; those not computed there are copied.
bool ScheduleBuilder::add_concat(const Node& node) {
  if (node.outputs.size() != 1) return false;
  Specs specs;
  for (const Tensor& input : node.inputs) specs.push_back(spec_of(input));
  std::vector<Window> windows;
  const std::size_t whole = output_value(Tensor(node.shared_from_this()));
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    const auto window = detail::ask_window_in_output(node, specs, i);
    const auto place = window ? composed(value(whole), specs[i], *window) : std::nullopt;
    if (!place) return false;
    windows.push_back(*place);
  }
  if (windows.empty()) return false;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    const auto found = destination_.find(node.inputs[i]);
    const bool here =
        found != destination_.end() && found->second.concat == &node && found->second.input == i;
    if (!here) add_copy(value_of_.at(node.inputs[i]), add_part(whole, specs[i], windows[i]));
  }
  return true;
}

bool ScheduleBuilder::add_product(const Node& node) {
  const auto options = product_options(node);
  if (!options || !(request_.lowering.windows || request_.lowering.pack)) return false;
  const Tensor& a = node.inputs[0];
  const Tensor& b = node.inputs[1];
  const auto sizes = product_sizes(*options, spec_of(a).shape, spec_of(b).shape);
  if (!sizes) return false;
  std::vector<std::size_t> reads;
  std::vector<Value> left;
  for (const Tensor& part : read_in_parts_.count(&a.node()) > 0 ? a.node().inputs : Tensors{a}) {
    reads.push_back(value_of_.at(part));
    left.push_back(value(reads.back()));
  }
  // A product with packed panels is one chain of multiply-adds, however long.
  const bool is_chain = sizes->inner <= kernels::longest_chain;
  const auto packed = is_chain ? packed_operand(node, *sizes) : std::nullopt;
  const bool pack = is_chain && !packed && request_.lowering.pack && !options->transpose_a &&
                    sizes->rows >= least_rows_to_pack;
  using Right = ProductKernel::Right;
  const std::size_t right = value_of_.at(b);
  const std::size_t result = output_value(Tensor(node.shared_from_this()));
  auto kernel =
      std::make_unique<ProductKernel>(*options, *sizes, std::move(left), value(right), value(result),
                                      packed ? Right::packed
                                      : pack ? Right::pack
                                             : Right::plain);
  if (pack) {
    kernel->temporaries = {add_value(packed_spec(b.dtype(), sizes->inner, sizes->columns), Value::Home::arena,
                                     &node, "packed for one product")};
  } else if (!packed) {
    add_work_memory(*kernel, kernel->work_bytes(workers()), node);
  }
  reads.push_back(packed.value_or(right));
  if (node.inputs.size() == 3) {
    reads.push_back(value_of_.at(node.inputs[2]));
    kernel->begin_with(value(reads.back()));
  }
  kernel->reads = std::move(reads);
  kernel->writes = {result};
  add_kernel(std::move(kernel));
  return true;
}

/// The cached input that is a product's right operand, if it is to be packed.
std::optional<std::size_t> ScheduleBuilder::input_to_pack(const Node& product) const {
  const auto options = product_options(product);
  if (!request_.lowering.pack || !options || options->transpose_a) return std::nullopt;
  const auto sizes =
      product_sizes(*options, spec_of(product.inputs[0]).shape, spec_of(product.inputs[1]).shape);
  if (!sizes || sizes->rows > request_.most_packed_rows) return std::nullopt;
  for (std::size_t i = request_.first_lasting_input; i < request_.inputs.size(); ++i) {
    if (request_.inputs[i].is(product.inputs[1])) return i;
  }
  return std::nullopt;
}

/// The packed form of that operand.
std::optional<std::size_t> ScheduleBuilder::packed_operand(const Node& product, const ProductSizes& sizes) {
  const auto input = input_to_pack(product);
  if (!input) return std::nullopt;
  const bool transpose = product_options(product)->transpose_b;
  for (const Schedule::Pack& pack : schedule_.packs) {
    if (pack.input == *input && pack.transpose == transpose) return pack.packed;
  }
  const std::size_t packed =
      add_value(packed_spec(product.inputs[1].dtype(), sizes.inner, sizes.columns), Value::Home::bound);
  schedule_.packs.push_back({*input, packed, transpose, sizes.inner, sizes.columns});
  return packed;
}

/// Finds concats of columns that only packed products read: these read the parts, and the concat is never
/// made.
void ScheduleBuilder::find_products_of_parts() {
  std::unordered_map<const Node*, bool> by_products;
  for (const Node* node : order_) {
    for (std::size_t i = 0; i < node->inputs.size(); ++i) {
      const Node& joined = node->inputs[i].node();
      const auto [entry, inserted] = by_products.try_emplace(&joined, true);
      entry->second = entry->second && i == 0 && input_to_pack(*node).has_value();
    }
  }
  for (const auto& [node, only] : by_products) {
    const auto axis = detail::concat_axis(*node->op);
    if (!only || !axis || *axis + 1 != node->outputs[0].shape.rank() ||
        node->inputs.size() > ProductKernel::most_parts || results_.count(node) > 0)
      continue;
    read_in_parts_.insert(node);
    const std::size_t last = last_unit_.at(Tensor(node->shared_from_this()));
    for (const Tensor& part : node->inputs) last_unit_[part] = std::max(last_unit_[part], last);
  }
}

void ScheduleBuilder::add_group(const Unit& unit) {
  using Place = GroupKernel::Place;
  std::vector<std::size_t> reads;
  std::vector<std::size_t> writes;
  std::vector<GroupKernel::Instruction> instructions;
  TensorMap<Place> inside;
  for (const Node* node : unit) {
    GroupKernel::Instruction instruction{
        node->shared_from_this(), dynamic_cast<const ElementwiseOp*>(node->op.get()), {}, {}};
    for (const Tensor& input : node->inputs) {
      const auto found = inside.find(input);
      instruction.inputs.push_back(found != inside.end()
                                       ? found->second
                                       : Place{Place::Kind::read, number_in(reads, value_of_.at(input))});
    }
    const Tensor output(instruction.node);
    if (leaves_unit_.count(output) > 0) {
      writes.push_back(output_value(output));
      instruction.output = {Place::Kind::written, writes.size() - 1};
    } else {
      instruction.output = {Place::Kind::temporary, instructions.size()};
    }
    inside.emplace(output, instruction.output);
    instructions.push_back(std::move(instruction));
  }
  write_late(instructions, reads, writes);
  std::vector<Value> read;
  std::vector<Value> written;
  for (std::size_t number : reads) read.push_back(value(number));
  for (std::size_t number : writes) written.push_back(value(number));
  const Shape shape = spec_of(Tensor(unit.front()->shared_from_this())).shape;
  auto kernel = std::make_unique<GroupKernel>(shape, std::move(instructions), read, written, workers());
  add_work_memory(*kernel, kernel->work_bytes(), *unit.front());
  kernel->reads = std::move(reads);
  kernel->writes = std::move(writes);
  add_kernel(std::move(kernel));
}

/// Moves instructions that overwrite an input of the group behind those that read it, unless an earlier op
/// needs the result.
void ScheduleBuilder::write_late(std::vector<GroupKernel::Instruction>& instructions,
                                 const std::vector<std::size_t>& reads,
                                 const std::vector<std::size_t>& writes) const {
  using Place = GroupKernel::Place;
  for (std::size_t i = instructions.size(); i-- > 0;) {
    const Place output = instructions[i].output;
    if (output.kind != Place::Kind::written) continue;
    std::size_t last = i;
    bool needed = false;
    for (std::size_t later = i + 1; later < instructions.size() && !needed; ++later) {
      for (const Place& place : instructions[later].inputs) {
        needed = needed || (place.kind == Place::Kind::written && place.index == output.index);
        if (place.kind == Place::Kind::read &&
            same_place(schedule_.values, reads[place.index], writes[output.index]))
          last = later;
      }
    }
    const auto at = [&](std::size_t k) { return instructions.begin() + static_cast<std::ptrdiff_t>(k); };
    if (!needed) std::rotate(at(i), at(i + 1), at(last + 1));
  }
}

void ScheduleBuilder::add_op(const Node& node) {
  std::vector<std::size_t> reads;
  for (const Tensor& input : node.inputs) reads.push_back(dense_value(input));
  std::vector<std::size_t> writes;
  std::vector<Schedule::Copy> moved;  // outputs needed where the op cannot write
  for (std::size_t i = 0; i < node.outputs.size(); ++i) {
    const Tensor output(node.shared_from_this(), static_cast<int>(i));
    writes.push_back(used_.count(output) > 0 ? output_value(output) : Value::none);
    if (writes[i] == Value::none || value(writes[i]).dense()) continue;
    const std::size_t dense =
        add_value(value(writes[i]).spec, Value::Home::arena, &node, "copy without gaps");
    moved.push_back({dense, std::exchange(writes[i], dense)});
  }
  Specs inputs;
  Specs outputs;
  for (std::size_t number : reads) inputs.push_back(value(number).spec);
  // Unused outputs have fewer rows as well, if this schedule computes only some rows.
  for (std::size_t i = 0; i < writes.size(); ++i)
    outputs.push_back(spec_of(Tensor(node.shared_from_this(), static_cast<int>(i))));
  auto kernel = std::make_unique<OpKernel>(node.shared_from_this(), inputs, outputs);
  add_work_memory(*kernel, kernel->work_bytes(workers()), node);
  kernel->reads = std::move(reads);
  kernel->writes = std::move(writes);
  add_kernel(std::move(kernel));
  for (const Schedule::Copy& copy : moved) add_copy(copy.from, copy.to);
}

/// Adds work memory for a kernel to the plan, so that its run uses neither the heap nor much of the stack.
void ScheduleBuilder::add_work_memory(Kernel& kernel, std::size_t bytes, const Node& node) {
  if (bytes == 0) return;
  kernel.temporaries = {add_value({DType::boolean, Shape{static_cast<Index>(bytes)}}, Value::Home::arena,
                                  &node, "work memory")};
}

/// The number of threads a kernel may use: one, if threads divide the rows of the loop.
int ScheduleBuilder::workers() const { return request_.rows != nullptr ? 1 : kernels::threads(); }

void ScheduleBuilder::add_copy(std::size_t from, std::size_t to) {
  add_kernel(std::make_unique<CopyKernel>(from, value(from), to, value(to)));
}

}  // namespace sluice

#include <sluice/compile/group_kernel.h>
#include <sluice/graph/guard.h>
#include <sluice/kernels/threads.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace sluice {

namespace {

/// Elements times ops that justify another thread: about ten microseconds.
constexpr Index piece_work = Index{1} << 17;
constexpr Index least_tile = 64;
constexpr Index most_tile = 1024;
constexpr Index cache_line = 64;

}  // namespace

GroupKernel::GroupKernel(const Shape& shape, std::vector<Instruction> instructions,
                         const std::vector<Value>& read, const std::vector<Value>& written, int workers)
    : shape_(shape),
      size_(shape.size()),
      columns_(shape.rank() == 0 ? 1 : shape.back()),
      workers_(workers),
      instructions_(std::move(instructions)) {
  rows_ = size_ / columns_;
  for (std::size_t i = 0; i < read.size(); ++i) reads_.push_back(operand(i, read[i]));
  for (std::size_t i = 0; i < written.size(); ++i) writes_.push_back(operand(i, written[i]));
  // If every value is one number or dense, the group is treated as a single row.
  const auto is_flat = [&](const Operand& o) {
    return o.regular && ((o.column_stride == 0 && o.row_stride == 0) ||
                         (o.column_stride == 1 && o.row_stride == columns_));
  };
  if (rows_ <= 1 || (std::all_of(reads_.begin(), reads_.end(), is_flat) &&
                     std::all_of(writes_.begin(), writes_.end(), is_flat))) {
    columns_ = size_;
    rows_ = 1;
  }
  plan_temporaries(instructions_);
}

GroupKernel::Operand GroupKernel::operand(std::size_t index, const Value& value) const {
  Operand result;
  result.value = index;
  result.element = static_cast<Index>(size_of(value.spec.dtype));
  result.far = value.far;
  const Shape& own = value.spec.shape;
  const Index rank = shape_.rank();
  const Index missing = rank - own.rank();  // leading axes that the value does not have
  result.column_stride = own.rank() == 0 || (own.back() == 1 && columns_ != 1) ? 0 : 1;
  // Strides of the value's own leading axes: its rows are row_stride apart.
  Index stride = value.row_stride;
  for (Index axis = own.rank() - 2; axis >= 0; --axis) {
    result.row_strides[static_cast<std::size_t>(axis + missing)] = own[axis] == 1 ? 0 : stride;
    stride *= own[axis];
  }
  // The distance between rows is uniform if each axis continues the one behind it.
  bool known = false;
  Index expected = 0;
  for (Index axis = rank - 2; axis >= 0; --axis) {
    if (shape_[axis] == 1) continue;
    const Index here = result.row_strides[static_cast<std::size_t>(axis)];
    if (!known) {
      result.row_stride = here;
      known = true;
    } else {
      result.regular = result.regular && here == expected;
    }
    expected = here * shape_[axis];
  }
  return result;
}

/// Allocates scratch memory to temporaries, shared by those that do not live at the same time, and chooses
/// the length of a tile so that all fit.
void GroupKernel::plan_temporaries(const std::vector<Instruction>& instructions) {
  std::vector<std::size_t> last_use(instructions.size(), 0);  // by temporary, numbered as instructions
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    for (const Place& place : instructions[i].inputs) {
      if (place.kind == Place::Kind::temporary) last_use[place.index] = i;
    }
  }
  std::vector<std::size_t> slot_of(instructions.size(), 0);
  std::vector<std::size_t> free;
  std::size_t slots = 0;
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    // Freed first: an op may overwrite an operand, except one with elements of another size.
    std::vector<std::size_t> later;
    const Index width = static_cast<Index>(size_of(instructions[i].node->outputs[0].dtype));
    for (std::size_t k = 0; k < instructions[i].inputs.size(); ++k) {
      const Place& place = instructions[i].inputs[k];
      if (place.kind != Place::Kind::temporary || last_use[place.index] != i) continue;
      last_use[place.index] = instructions.size();  // read twice by one op: free once
      const bool same = static_cast<Index>(size_of(instructions[i].node->inputs[k].dtype())) == width;
      (same ? free : later).push_back(slot_of[place.index]);
    }
    if (instructions[i].output.kind == Place::Kind::temporary) {
      if (free.empty()) free.push_back(slots++);
      slot_of[instructions[i].output.index] = free.back();
      free.pop_back();
    }
    free.insert(free.end(), later.begin(), later.end());
  }
  Index widest = 1;
  for (const Instruction& instruction : instructions)
    widest = std::max(widest, static_cast<Index>(size_of(instruction.node->outputs[0].dtype)));
  const Index fitting =
      static_cast<Index>(scratch_bytes) / (widest * std::max<Index>(1, static_cast<Index>(slots)));
  tile_ = std::clamp<Index>(fitting / 16 * 16, least_tile, most_tile);
  while (static_cast<std::size_t>(tile_ * widest) * slots > scratch_bytes && tile_ > 1) tile_ /= 2;
  slot_bytes_ = (rows_ == 1 ? std::min(tile_, (columns_ + 15) / 16 * 16) : tile_) * widest;
  slots_ = slots;

  for (const Instruction& instruction : instructions) {
    Step step{instruction.op,
              instruction.node.get(),
              instruction.node->inputs.back().dtype(),
              instruction.inputs.size(),
              {},
              {},
              {},
              false};
    const auto source = [&](const Place& place, DType dtype, Index& stride) {
      const Index element = static_cast<Index>(size_of(dtype));
      stride = 1;
      if (place.kind == Place::Kind::temporary)
        return Source{reads_.size() + writes_.size() + slot_of[place.index], element};
      const bool written = place.kind == Place::Kind::written;
      const Operand& o = written ? writes_[place.index] : reads_[place.index];
      stride = o.column_stride;
      const bool one_number = o.regular && o.column_stride == 0 && o.row_stride == 0;
      const bool neighbours = o.regular && o.column_stride == 1 && o.row_stride == columns_;
      step.by_row = step.by_row || (rows_ > 1 && !one_number && !neighbours);
      return Source{place.index + (written ? reads_.size() : 0), element};
    };
    for (std::size_t k = 0; k < instruction.inputs.size(); ++k)
      step.inputs[k] = source(instruction.inputs[k], instruction.node->inputs[k].dtype(), step.strides[k]);
    Index stride = 1;
    step.output = source(instruction.output, instruction.node->outputs[0].dtype, stride);
    steps_.push_back(step);
  }
}

Index GroupKernel::row_offset(const Operand& operand, Index row) const {
  if (operand.regular) return row * operand.row_stride;
  Index offset = 0;
  for (Index axis = shape_.rank() - 2; axis >= 0; --axis) {
    offset += row % shape_[axis] * operand.row_strides[static_cast<std::size_t>(axis)];
    row /= shape_[axis];
  }
  return offset;
}

/// The address of row r of a tile that begins at `row`.
std::byte* GroupKernel::row_address(std::byte* const* table, const Source& source, Index row, Index r,
                                    Index columns) const {
  const std::size_t outside = reads_.size() + writes_.size();
  if (source.index >= outside) return table[source.index] + r * columns * source.element;
  const Operand& o = operand_at(source.index);
  return table[source.index] + (row_offset(o, row + r) - row_offset(o, row)) * source.element;
}

GroupKernel::Far GroupKernel::find_far(const Table& bases) const {
  Far far;
  for (std::size_t entry = 0; entry < reads_.size() + writes_.size(); ++entry) {
    const Operand& o = operand_at(entry);
    if (!o.far || o.column_stride == 0) continue;
    const auto* end = far.entries.begin() + far.count;
    const bool known = std::any_of(far.entries.cbegin(), end,
                                   [&](std::size_t other) { return bases[other] == bases[entry]; });
    if (!known) far.entries[far.count++] = entry;
  }
  return far;
}

/// Prefetches a part of a tile into the L2 cache: rows [begin, end), counted over all far operands.
void GroupKernel::fetch(const Table& bases, const Far& far, const Tile& tile, Index begin, Index end) const {
  for (Index i = begin; i < end; ++i) {
    const std::size_t entry = far.entries[static_cast<std::size_t>(i / tile.rows)];
    const Operand& o = operand_at(entry);
    const std::byte* const row =
        bases[entry] + (row_offset(o, tile.row + i % tile.rows) + tile.column) * o.element;
    for (Index byte = 0; byte < tile.columns * o.element; byte += cache_line)
      __builtin_prefetch(row + byte, 0, 2);
  }
}

/// The addresses of a tile: outside values are offset to their part of it.
GroupKernel::Table GroupKernel::table_of(const Table& bases, const Tile& tile, std::byte* slots) const {
  Table table;
  for (std::size_t entry = 0; entry < reads_.size() + writes_.size(); ++entry) {
    const Operand& o = operand_at(entry);
    table[entry] = bases[entry] + (row_offset(o, tile.row) + tile.column * o.column_stride) * o.element;
  }
  add_slots(table, slots);
  return table;
}

/// Appends the addresses of the temporaries to those of the outside values.
void GroupKernel::add_slots(Table& table, std::byte* slots) const {
  std::size_t entry = reads_.size() + writes_.size();
  for (std::size_t slot = 0; slot < slots_; ++slot)
    table[entry++] = slots + static_cast<Index>(slot) * slot_bytes_;
}

/// Computes n contiguous elements of a step's output. An op that throws (integer division by 0) names its
/// node's line.
void GroupKernel::compute(const Step& step, const void* const* from, void* to, Index n) {
  try {
    detail::guarded(*step.op, "value", step.node->where,
                    [&] { step.op->tile(from, step.strides.data(), to, n, step.dtype); });
  } catch (Error& error) {
    error.locate(step.node->where);
    throw;
  }
}

void GroupKernel::run_step(const Step& step, const Table& table, const Tile& tile) const {
  std::array<const void*, most_operands> from;
  if (!step.by_row || tile.rows == 1) {
    for (std::size_t k = 0; k < step.count; ++k) from[k] = table[step.inputs[k].index];
    compute(step, from.data(), table[step.output.index], tile.rows * tile.columns);
    return;
  }
  for (Index r = 0; r < tile.rows; ++r) {
    for (std::size_t k = 0; k < step.count; ++k)
      from[k] = row_address(table.data(), step.inputs[k], tile.row, r, tile.columns);
    compute(step, from.data(), row_address(table.data(), step.output, tile.row, r, tile.columns),
            tile.columns);
  }
}

/// The addresses of the outside values.
GroupKernel::Table GroupKernel::bases_of(const Addresses& at) const {
  Table bases;
  std::size_t entry = 0;
  for (std::size_t value : reads) bases[entry++] = at[value];
  for (std::size_t value : writes) bases[entry++] = at[value];
  return bases;
}

/// With a single tile, as in a step of one sequence, finding the operands would take as long as the ops.
void GroupKernel::bind(const Addresses& at) {
  if (!is_one_tile()) return;
  Table table = bases_of(at);
  add_slots(table, scratch(at, 0));
  bound_.clear();
  for (const Step& step : steps_) {
    BoundStep bound{&step, {}, table[step.output.index]};
    for (std::size_t k = 0; k < step.count; ++k) bound.from[k] = table[step.inputs[k].index];
    bound_.push_back(bound);
  }
}

void GroupKernel::run(const Addresses& at) {
  if (!bound_.empty()) {
    for (const BoundStep& bound : bound_) {
      compute(*bound.step, bound.from.data(), bound.to, columns_);
    }
    return;
  }
  Table bases = bases_of(at);
  if (is_one_tile()) {
    add_slots(bases, scratch(at, 0));
    for (const Step& step : steps_) run_step(step, bases, {0, 1, 0, columns_});
    return;
  }
  const Index tile_columns = std::min(columns_, tile_);
  const Index tile_rows = std::max<Index>(1, tile_ / tile_columns);
  const Index across = (columns_ + tile_columns - 1) / tile_columns;
  const Index tiles = (rows_ + tile_rows - 1) / tile_rows * across;
  const auto tile = [&](Index t) {
    const Index row = t / across * tile_rows;
    const Index column = t % across * tile_columns;
    return Tile{row, std::min(tile_rows, rows_ - row), column, std::min(tile_columns, columns_ - column)};
  };
  const auto steps = static_cast<Index>(steps_.size());
  const Far far = find_far(bases);
  const auto run_tiles = [&](Index begin, Index end, std::byte* slots) {
    for (Index t = begin; t < end; ++t) {
      const Tile here = tile(t);
      const Tile next = tile(t + 1 < end ? t + 1 : t);
      const Index lines = t + 1 < end ? next.rows * static_cast<Index>(far.count) : 0;
      const Table table = table_of(bases, here, slots);
      for (Index i = 0; i < steps; ++i) {
        // Ops compute on the cached tile; meanwhile the next tile's operands are prefetched, some with each
        // op.
        fetch(bases, far, next, lines * i / steps, lines * (i + 1) / steps);
        run_step(steps_[static_cast<std::size_t>(i)], table, here);
      }
    }
  };
  const Index grain = std::max<Index>(1, piece_work / (tile_ * steps));
  kernels::share_out((tiles + grain - 1) / grain, workers_, [&](Index piece, int worker) {
    run_tiles(piece * grain, std::min(tiles, (piece + 1) * grain), scratch(at, worker));
  });
}

/// A tile is written after earlier ops have read theirs. So an output may overwrite an input that is read at
/// the same indices, and by no op after the one that writes.
bool GroupKernel::may_throw() const {
  return std::any_of(instructions_.begin(), instructions_.end(), [](const Instruction& instruction) {
    Specs inputs;
    for (const Tensor& input : instruction.node->inputs) inputs.push_back(input.spec());
    return instruction.op->may_throw(inputs);
  });
}

bool GroupKernel::may_overwrite(std::size_t read, std::size_t written) const {
  const auto number = [](const std::vector<std::size_t>& of, std::size_t value) {
    return static_cast<std::size_t>(std::find(of.begin(), of.end(), value) - of.begin());
  };
  const std::size_t from = number(reads, read);
  const std::size_t to = number(writes, written);
  const Operand& a = reads_[from];
  const Operand& b = writes_[to];
  if (a.element != b.element || a.column_stride != b.column_stride || a.row_strides != b.row_strides)
    return false;
  bool done = false;
  for (const Instruction& instruction : instructions_) {
    for (const Place& place : instruction.inputs) {
      if (done && place.kind == Place::Kind::read && place.index == from) return false;
    }
    done = done || (instruction.output.kind == Place::Kind::written && instruction.output.index == to);
  }
  return true;
}

std::string GroupKernel::details() const {
  const auto name = [&](const Place& place) {
    const char* kinds[] = {"in", "out", "t"};
    return fmt::format("{}{}", kinds[static_cast<std::size_t>(place.kind)], place.index);
  };
  std::string lines;
  for (const Instruction& instruction : instructions_) {
    std::vector<std::string> inputs;
    for (const Place& place : instruction.inputs) inputs.push_back(name(place));
    const std::string attributes = instruction.op->attributes();
    lines += fmt::format("{} = {}({}{}{})\n", name(instruction.output), instruction.op->name(),
                         fmt::join(inputs, ", "), attributes.empty() ? "" : ", ", attributes);
  }
  return lines;
}

}  // namespace sluice

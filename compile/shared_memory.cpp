#include <sluice/compile/shared_memory.h>

#include <algorithm>

namespace sluice {

namespace {

std::size_t root(const std::vector<Value>& values, std::size_t number) {
  return values[number].home == Value::Home::part ? values[number].whole : number;
}

/// The location of a value in the memory that it shares: rows of `width` bytes, `stride` bytes apart.
struct Extent {
  bool shared;  // memory is an identifier given by the caller; else it is that of the value
  std::size_t memory;
  std::size_t begin;
  std::size_t width;
  std::size_t stride;
  std::size_t rows;

  std::size_t end() const { return rows == 0 ? begin : begin + (rows - 1) * stride + width; }
};

Extent extent_of(const std::vector<Value>& values, std::size_t number) {
  const Value& value = values[number];
  const Value& whole = values[root(values, number)];
  const bool nested = value.home == Value::Home::part;
  const std::size_t element = size_of(value.spec.dtype);
  const std::size_t width = static_cast<std::size_t>(value.columns()) * element;
  const std::size_t rows = static_cast<std::size_t>(value.rows());
  const std::size_t stride = rows <= 1 ? width : static_cast<std::size_t>(value.row_stride) * element;
  const bool shared = whole.memory != Value::none;
  return {shared,
          shared ? whole.memory : root(values, number),
          whole.memory_offset + (nested ? value.offset : 0),
          width,
          stride,
          rows};
}

bool same_memory(const Extent& a, const Extent& b) { return a.shared == b.shared && a.memory == b.memory; }

}  // namespace

bool overlap(const std::vector<Value>& values, std::size_t a, std::size_t b) {
  const Extent x = extent_of(values, a);
  const Extent y = extent_of(values, b);
  if (!same_memory(x, y)) return false;
  if (x.stride == y.stride && x.rows > 1 && y.rows > 1) {
    // Rows of one table: they overlap if their columns do, unless one extends past the end of a table row.
    const std::size_t left = x.begin % x.stride;
    const std::size_t right = y.begin % y.stride;
    if (left + x.width <= x.stride && right + y.width <= y.stride)
      return left < right + y.width && right < left + x.width;
  }
  return x.begin < y.end() && y.begin < x.end();
}

bool same_place(const std::vector<Value>& values, std::size_t a, std::size_t b) {
  const Extent x = extent_of(values, a);
  const Extent y = extent_of(values, b);
  return same_memory(x, y) && x.begin == y.begin && x.width == y.width && x.stride == y.stride &&
         x.rows == y.rows;
}

std::size_t written_too_early(const Schedule& schedule) {
  const std::vector<Value>& values = schedule.values;
  for (std::size_t i = 0; i < schedule.kernels.size(); ++i) {
    for (const std::size_t written : schedule.kernels[i]->writes) {
      if (written == Value::none) continue;
      const std::size_t output = root(values, written);
      const auto lost = [&](std::size_t read) {
        return root(values, read) != output && overlap(values, read, written);
      };
      for (std::size_t later = i; later < schedule.kernels.size(); ++later) {
        const Kernel& kernel = *schedule.kernels[later];
        for (const std::size_t read : kernel.reads) {
          if (!lost(read)) continue;
          if (later > i || !same_place(values, read, written) || !kernel.may_overwrite(read, written))
            return output;
        }
      }
      for (const Schedule::Copy& update : schedule.updates) {
        if (lost(update.from)) return output;
      }
    }
  }
  return Value::none;
}

}  // namespace sluice

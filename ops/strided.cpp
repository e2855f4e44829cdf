#include <sluice/ops/strided.h>

#include <sluice/kernels/threads.h>

#include <algorithm>
#include <cstring>

namespace sluice::detail {

namespace {

struct Axis {
  Index length;
  Index from;
  Index to;
};

// Rows and columns that are copied together if reads are strided: 16 floats are a cache line, and no more
// lines than that survive in a cache if they are a power of two apart.
constexpr Index tile = 16;

/// The loops of a copy, outermost first: axes of length 1 are dropped, and axes that are contiguous in both
/// memories are merged.
struct Loops {
  std::array<Axis, Shape::max_rank> axes{};
  Index rank = 0;

  Axis& back(Index i) { return axes[static_cast<std::size_t>(rank - 1 - i)]; }
};

Loops loops_of(const Shape& shape, const Strides& from, const Strides& to) {
  Loops loops;
  for (Index i = 0; i < shape.rank(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    const Axis axis{shape[i], from[at], to[at]};
    if (axis.length == 1) continue;
    if (loops.rank > 0) {
      Axis& last = loops.back(0);
      if (last.from == axis.length * axis.from && last.to == axis.length * axis.to) {
        last = {last.length * axis.length, axis.from, axis.to};
        continue;
      }
    }
    loops.axes[static_cast<std::size_t>(loops.rank++)] = axis;
  }
  // The order is free: the axis that is dense in the destination goes innermost and, if another one is dense
  // in the source (a transpose), that one next to it. The two are walked in square tiles that stay in cache.
  const auto first = loops.axes.begin();
  const auto last = first + loops.rank;
  const auto move_back = [&](auto found, Index places) {
    if (found < last - places) std::rotate(found, found + 1, last - places);
  };
  move_back(std::find_if(first, last, [](const Axis& a) { return a.to == 1; }), 0);
  if (loops.rank > 1 && loops.back(0).from != 1) {
    move_back(std::find_if(first, last - 1, [](const Axis& a) { return a.from == 1; }), 1);
  }
  while (loops.rank < 2) {  // a plane below needs two axes
    std::move_backward(first, first + loops.rank, first + loops.rank + 1);
    loops.axes[0] = {1, 0, 0};
    ++loops.rank;
  }
  return loops;
}

template <class T>
void copy_plane(const Axis& rows, const Axis& columns, const T* from, T* to) {
  if (columns.from == 1 && columns.to == 1) {
    for (Index i = 0; i < rows.length; ++i) {
      std::memcpy(to + i * rows.to, from + i * rows.from,
                  static_cast<std::size_t>(columns.length) * sizeof(T));
    }
    return;
  }
  if (columns.from == 0 && columns.to == 1) {
    for (Index i = 0; i < rows.length; ++i) {
      std::fill_n(to + i * rows.to, columns.length, from[i * rows.from]);
    }
    return;
  }
  for (Index row = 0; row < rows.length; row += tile) {
    const Index row_end = std::min(row + tile, rows.length);
    for (Index column = 0; column < columns.length; column += tile) {
      const Index column_end = std::min(column + tile, columns.length);
      for (Index i = row; i < row_end; ++i) {
        for (Index j = column; j < column_end; ++j) {
          to[i * rows.to + j * columns.to] = from[i * rows.from + j * columns.from];
        }
      }
    }
  }
}

template <class T>
void copy(Loops& loops, const T* from, T* to) {
  constexpr Index piece = Index{1} << 15;  // elements that justify another thread
  const Axis columns = loops.back(0);
  Axis rows = loops.back(1);
  // Cutting rows into bands gives enough parallel work even for few planes.
  const Index band = std::min(std::max(piece / std::max<Index>(columns.length, 1), tile), rows.length);
  const Index bands = (rows.length + band - 1) / band;
  Index planes = 1;
  for (Index i = 2; i < loops.rank; ++i) planes *= loops.back(i).length;
  const Index grain = std::max<Index>(1, piece / std::max<Index>(1, band * columns.length));
  kernels::parallel_for(planes * bands, grain, [&](Index begin, Index end) {
    for (Index at = begin; at < end; ++at) {
      Index plane = at / bands;
      const Index row = at % bands * band;
      const T* source = from + row * rows.from;
      T* target = to + row * rows.to;
      for (Index i = 2; i < loops.rank; ++i) {
        const Axis& axis = loops.back(i);
        source += plane % axis.length * axis.from;
        target += plane % axis.length * axis.to;
        plane /= axis.length;
      }
      copy_plane({std::min(band, rows.length - row), rows.from, rows.to}, columns, source, target);
    }
  });
}

}  // namespace

Strides dense_strides(const Shape& shape) {
  Strides strides{};
  Index stride = 1;
  for (Index axis = shape.rank() - 1; axis >= 0; --axis) {
    strides[static_cast<std::size_t>(axis)] = stride;
    stride *= shape[axis];
  }
  return strides;
}

void copy_strided(const Shape& shape, std::size_t bytes, const void* from, const Strides& from_strides,
                  void* to, const Strides& to_strides) {
  if (shape.size() == 0) return;
  Loops loops = loops_of(shape, from_strides, to_strides);
  const auto as = [&](auto type) {
    copy(loops, static_cast<const decltype(type)*>(from), static_cast<decltype(type)*>(to));
  };
  if (bytes == 1) return as(std::uint8_t{});
  if (bytes == 4) return as(std::uint32_t{});
  as(std::uint64_t{});
}

std::optional<Index> row_distance(const Shape& part, const Strides& strides) {
  const Index rank = part.rank();
  if (part.size() == 0) return std::nullopt;
  if (rank == 0) return 1;
  if (part.back() > 1 && strides[static_cast<std::size_t>(rank - 1)] != 1) return std::nullopt;
  std::optional<Index> distance;
  Index expected = 0;
  for (Index axis = rank - 2; axis >= 0; --axis) {
    if (part[axis] == 1) continue;
    const Index here = strides[static_cast<std::size_t>(axis)];
    if (distance && here != expected) return std::nullopt;
    if (!distance) distance = here;
    expected = here * part[axis];
  }
  return distance.value_or(part.back());
}

}  // namespace sluice::detail

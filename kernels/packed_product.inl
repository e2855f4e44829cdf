// Products with a right operand that is packed into panels; packed_matrix.h says what they guarantee.
// Included after vector_basics.inl.
//
// A panel has `panel_registers` registers of columns; in memory its row l + 1 follows row l, so that a
// product streams it. The last panel has only the registers it needs, the last of them padded with zeros. A
// matrix with one column is packed as that column, padded with zeros to a whole register.

/// Sizes chosen so that the sums, and a few values of the operands, fit into registers: there are 32 with
/// AVX-512 and 16 without.
constexpr int panel_registers = register_bytes == 64 ? 4 : 2;
constexpr int most_rows = 6;
constexpr int most_rows_of_two = 3;  // two panels at once: with few rows, one gives too few independent sums

/// The inner dimension is processed in blocks, between which the sums are stored in the result, so that the
/// part of a panel read for one tile is still in the L2 cache for the next.
constexpr std::int64_t inner_block = 1024;

template <class T>
constexpr std::int64_t panel_columns = static_cast<std::int64_t>(panel_registers* lanes<T>);

/// 0, 1, ..., n - 1 as a parameter pack.
template <int... number>
struct Numbers {};
template <int n, int... number>
struct CountTo : CountTo<n - 1, n - 1, number...> {};
template <int... number>
struct CountTo<0, number...> {
  typedef Numbers<number...> Type;
};

/// Exchanges the lanes of a whose number has the bit `distance` with those of b whose number has not.
template <class V, int distance, int width, int... lane>
inline void exchange(V& a, V& b, Numbers<lane...>) {
  const V low = __builtin_shufflevector(a, b, ((lane & distance) != 0 ? width + lane - distance : lane)...);
  b = __builtin_shufflevector(a, b, ((lane & distance) != 0 ? width + lane : lane + distance)...);
  a = low;
}

/// Transposes a square of registers.
template <class T, int distance = 1>
inline void transpose_square(Vector<T>* x) {
  constexpr int width = static_cast<int>(lanes<T>);
  if constexpr (distance < width) {
    for (int i = 0; i < width; ++i)
      if ((i & distance) == 0)
        exchange<Vector<T>, distance, width>(x[i], x[i + distance], typename CountTo<width>::Type());
    transpose_square<T, 2 * distance>(x);
  }
}

/// Rows to prefetch: when packing, rows are far apart and few of their columns are read, which no hardware
/// prefetcher follows.
constexpr std::int64_t rows_ahead = 16;

/// Prefetches n values.
template <class T>
inline void fetch(const T* x, std::int64_t n) {
  constexpr std::int64_t line = 64 / static_cast<std::int64_t>(sizeof(T));
  for (std::int64_t i = 0; i < n; i += line) __builtin_prefetch(x + i);
  __builtin_prefetch(x + n - 1);
}

/// Packs `columns` columns of b, k rows that are ldb apart, into a panel with rows of `width`.
template <class T>
inline void pack_columns(std::int64_t k, std::int64_t columns, const T* b, std::int64_t ldb, T* to,
                         std::int64_t width) {
  constexpr auto step = static_cast<std::int64_t>(lanes<T>);
  for (std::int64_t l = 0; l < k; ++l, b += ldb, to += width) {
    if (l + rows_ahead < k) fetch(b + rows_ahead * ldb, columns);
    std::int64_t j = 0;
    for (; j + step <= columns; j += step) store(to + j, load(b + j));
    if (j < columns) store(to + j, load_few(b + j, static_cast<std::size_t>(columns - j)));
  }
}

/// y[i, j] = x[j, i] for `rows` x `columns` of y. Rows of y are padded with zeros to a multiple of a
/// register.
template <class T>
void transpose(std::int64_t rows, std::int64_t columns, const T* x, std::int64_t ldx, T* y,
               std::int64_t ldy) {
  constexpr auto step = static_cast<std::int64_t>(lanes<T>);
  for (std::int64_t j = 0; j < columns; j += step)
    for (std::int64_t i = 0; i < rows; i += step) {
      const std::int64_t across = columns - j < step ? columns - j : step;
      const std::int64_t down = rows - i < step ? rows - i : step;
      Vector<T> square[lanes<T>] = {};
      const T* from = x + j * ldx + i;
      if (down == step)
        for (std::int64_t r = 0; r < across; ++r) square[r] = load(from + r * ldx);
      else
        for (std::int64_t r = 0; r < across; ++r)
          square[r] = load_few(from + r * ldx, static_cast<std::size_t>(down));
      transpose_square<T>(square);
      for (std::int64_t r = 0; r < down; ++r) store(y + (i + r) * ldy + j, square[r]);
    }
}

template <class T>
inline std::int64_t panel_width(std::int64_t columns) {
  constexpr auto step = static_cast<std::int64_t>(lanes<T>);
  return columns < panel_columns<T> ? (columns + step - 1) / step * step : panel_columns<T>;
}

template <class T>
void pack_panels(bool transpose_b, std::int64_t k, std::int64_t n, const T* b, std::int64_t ldb,
                 std::int64_t begin, std::int64_t end, T* packed) {
  // Without rows there is nothing to pack, and b may be null.
  if (k == 0) return;
  if (n == 1 && begin < end)  // see multiply_column
    return transpose_b ? pack_columns(1, k, b, ldb, packed, k) : transpose(1, k, b, ldb, packed, k);
  for (std::int64_t panel = begin; panel < end; ++panel) {
    const std::int64_t column = panel * panel_columns<T>;
    const std::int64_t columns = n - column < panel_columns<T> ? n - column : panel_columns<T>;
    T* to = packed + column * k;
    if (transpose_b)
      transpose(k, columns, b + column * ldb, ldb, to, panel_width<T>(columns));
    else
      pack_columns(k, columns, b + column, ldb, to, panel_width<T>(columns));
  }
}

/// A tile of the result: its position, the parts of a, and one or two panels (`next` is the second). The last
/// register of columns has only `in_last` columns.
template <class T>
struct TilePlace {
  const LeftPart<T>* parts;
  std::int64_t part_count;
  std::int64_t row;
  std::int64_t column;
  bool goes_on;  // continues the sums in c
  const T* panel;
  const T* next;
  std::size_t in_last;
};

/// Keeps all sums of a tile in registers over k. Every element is one chain of multiply-adds beginning with
/// the start value, so it does not matter which rows share a tile or where k is divided.
template <class T, int rows, int left, int right, bool left_in_panels>
void multiply_tile(const PackedOperands<T>& p, const TilePlace<T>& tile) {
  constexpr int count = left + right;
  constexpr auto step = static_cast<std::int64_t>(lanes<T>);
  Vector<T> sums[rows][count];
  const std::int64_t row = tile.row;
  const std::size_t in_last = tile.in_last;
  const std::int64_t ldc = p.ldc;
  T* c = p.c + row * ldc + tile.column;
  const std::int64_t ldstart = tile.goes_on ? ldc : p.ldstart;
  const T* start = tile.goes_on ? c : p.start == nullptr ? p.start : p.start + row * ldstart + tile.column;
  const auto is_short = [in_last](int j) { return j == count - 1 && in_last != lanes<T>; };
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < count; ++j) {
      sums[i][j] = Vector<T>{};
      if (start == nullptr) continue;  // no arithmetic on a null pointer
      const T* from = start + i * ldstart + j * step;
      sums[i][j] = is_short(j) ? load_few(from, in_last) : load(from);
    }
  // Prefetches the sums of the next tile, which must arrive before its first multiplication.
  if (row + rows < p.m)
    for (int i = 0; i < rows; ++i) fetch(c + (rows + i) * ldc, count * step);
  const T* panel = tile.panel;
  const T* next = tile.next;
  for (std::int64_t number = 0; number < tile.part_count; ++number) {
    const LeftPart<T>& part = tile.parts[number];
    const std::int64_t columns = part.columns;
    const T* a[rows];
#pragma GCC unroll 8
    for (int i = 0; i < rows; ++i)
      a[i] = part.data + row * part.stride + (left_in_panels ? i : i * part.stride);
    constexpr std::int64_t along = left_in_panels ? rows : 1;
    for (std::int64_t l = 0; l < along * columns; l += along) {
      // The operand with fewer values is held in registers, the other is loaded one value at a time.
      const auto value = [panel, next](int j) {
        return j < left ? load(panel + j * step) : load(next + (j - left) * step);
      };
      if constexpr (rows < count) {
        Vector<T> factors[rows];
#pragma GCC unroll 8
        for (int i = 0; i < rows; ++i) factors[i] = fill(a[i][l]);
#pragma GCC unroll 8
        for (int j = 0; j < count; ++j) {
          const Vector<T> v = value(j);
#pragma GCC unroll 8
          for (int i = 0; i < rows; ++i) sums[i][j] = fma(factors[i], v, sums[i][j]);
        }
      } else {
        Vector<T> values[count];
#pragma GCC unroll 8
        for (int j = 0; j < count; ++j) values[j] = value(j);
#pragma GCC unroll 8
        for (int i = 0; i < rows; ++i) {
          const Vector<T> factor = fill(a[i][l]);
#pragma GCC unroll 8
          for (int j = 0; j < count; ++j) sums[i][j] = fma(factor, values[j], sums[i][j]);
        }
      }
      panel += left * step;
      if constexpr (right > 0) next += right * step;
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 8
    for (int j = 0; j < count; ++j) {
      T* to = c + i * ldc + j * step;
      if (is_short(j))
        store_few(to, sums[i][j], in_last);
      else
        store(to, sums[i][j]);
    }
}

template <class T>
using Tile = void (*)(const PackedOperands<T>&, const TilePlace<T>&);

/// The tiles of `rows` rows, indexed by registers of columns.
template <class T>
struct TilesOfRows {
  Tile<T> one[panel_registers];
  Tile<T> two[panel_registers];     // indexed by the registers in the second panel
  Tile<T> panels[panel_registers];  // with one panel, and the left operand in panels as well
};

template <class T, int rows, int... last>
constexpr TilesOfRows<T> tiles_of_rows(Numbers<last...>) {
  if constexpr (rows <= most_rows_of_two)
    return {{multiply_tile<T, rows, last + 1, 0, false>...},
            {multiply_tile<T, rows, panel_registers, last + 1, false>...},
            {multiply_tile<T, rows, last + 1, 0, true>...}};
  else
    return {
        {multiply_tile<T, rows, last + 1, 0, false>...}, {}, {multiply_tile<T, rows, last + 1, 0, true>...}};
}

template <class T>
struct Tiles {
  TilesOfRows<T> of_rows[most_rows];
};

template <class T, int... row>
constexpr Tiles<T> make_tiles(Numbers<row...>) {
  return {{tiles_of_rows<T, row + 1>(CountTo<panel_registers>::Type())...}};
}

template <class T>
constexpr Tiles<T> tiles = make_tiles<T>(CountTo<most_rows>::Type());

/// The sum of all lanes: pairwise, between lanes whose numbers differ in one bit.
template <class T, int distance = 1, int... lane>
inline T sum_of_lanes(Vector<T> v, Numbers<lane...> all) {
  v += __builtin_shufflevector(v, v, (lane ^ distance)...);
  if constexpr (2 * distance < static_cast<int>(lanes<T>))
    return sum_of_lanes<T, 2 * distance>(v, all);
  else
    return v[0];
}

/// One column: packed unchanged, and multiplied one register at a time.
template <class T>
inline void multiply_column(const PackedOperands<T>& p) {
  constexpr auto step = static_cast<std::int64_t>(lanes<T>);
  constexpr std::int64_t chains = 4;  // enough independent sums to hide the latency of an addition
  for (std::int64_t i = 0; i < p.m; ++i) {
    Vector<T> sums[chains] = {};
    const T* column = p.packed;
    for (std::int64_t number = 0; number < p.part_count; ++number) {
      const LeftPart<T> part = p.parts[number];
      const T* row = part.data + i * part.stride;
      std::int64_t l = 0;
      for (; l + chains * step <= part.columns; l += chains * step)
#pragma GCC unroll 8
        for (std::int64_t r = 0; r < chains; ++r)
          sums[r] = fma(load(row + l + r * step), load(column + l + r * step), sums[r]);
      for (; l + step <= part.columns; l += step) sums[0] = fma(load(row + l), load(column + l), sums[0]);
      const auto rest = static_cast<std::size_t>(part.columns - l);
      if (rest != 0) sums[1] = fma(load_few(row + l, rest), load_few(column + l, rest), sums[1]);
      column += part.columns;
    }
    const T sum = sum_of_lanes<T>((sums[0] + sums[1]) + (sums[2] + sums[3]),
                                  typename CountTo<static_cast<int>(lanes<T>)>::Type());
    p.c[i * p.ldc] = p.start == nullptr ? sum : p.start[i * p.ldstart] + sum;
  }
}

/// Calls f(row, rows) for tiles of nearly equal numbers of rows.
template <class F>
inline void for_tiles(std::int64_t m, F f) {
  if (m <= most_rows) return f(0, m);  // the divisions below would take as long as the product
  const std::int64_t count = (m + most_rows - 1) / most_rows;
  const std::int64_t longer = m % count;
  std::int64_t row = 0;
  for (std::int64_t t = 0; t < count; ++t) {
    const std::int64_t rows = m / count + (t < longer ? 1 : 0);
    f(row, rows);
    row += rows;
  }
}

/// Packs the left operand into panels as well: each has the rows of one tile, and its column l + 1 follows
/// column l. x holds the rows as columns, and is read a few of its own rows at a time, nearly in memory
/// order.
template <class T>
void pack_left(std::int64_t m, std::int64_t k, const T* x, std::int64_t ldx, T* to) {
  constexpr auto step = static_cast<std::int64_t>(lanes<T>);
  constexpr std::int64_t together = rows_ahead;
  for (std::int64_t begin = 0; begin < k; begin += together) {
    const std::int64_t end = k - begin < together ? k : begin + together;
    for (std::int64_t l = end; l < end + together && l < k; ++l) fetch(x + l * ldx, m);
    for_tiles(m, [&](std::int64_t row, std::int64_t rows) {
      const std::int64_t width = (rows + step - 1) / step * step;
      const T* from = x + begin * ldx + row;
      T* panel = to + row * k;
      std::int64_t l = begin;
      // Whole registers; the excess of one is overwritten by the next column.
      if (row + width <= m)
        for (; l < end && (k - l) * rows >= width; ++l, from += ldx)
          for (std::int64_t i = 0; i < rows; i += step) store(panel + l * rows + i, load(from + i));
      for (; l < end; ++l, from += ldx)
        for (std::int64_t i = 0; i < rows; ++i) panel[l * rows + i] = from[i];
    });
  }
}

/// The tiles of the columns [column, column + columns), which are those of one panel or of two. `done`
/// elements of the inner dimension precede these parts of a.
template <class T>
inline void multiply_tiles(const PackedOperands<T>& p, const LeftPart<T>* parts, std::int64_t part_count,
                           std::int64_t done, std::int64_t column, std::int64_t columns) {
  constexpr auto step = static_cast<std::int64_t>(lanes<T>);
  const bool two = columns > panel_columns<T>;
  const std::int64_t last_panel = two ? columns - panel_columns<T> : columns;
  const std::int64_t width = panel_width<T>(last_panel);
  TilePlace<T> tile;
  tile.parts = parts;
  tile.part_count = part_count;
  tile.column = column;
  tile.goes_on = done != 0;
  tile.panel = p.packed + column * p.k + done * (two ? panel_columns<T> : width);
  tile.next = p.packed + (column + panel_columns<T>)*p.k + done * width;
  tile.in_last = lanes<T> - static_cast<std::size_t>(width - last_panel);
  const auto multiply = [&](std::int64_t row, std::int64_t rows) {
    tile.row = row;
    const TilesOfRows<T>& of_rows = tiles<T>.of_rows[rows - 1];
    (p.left_in_panels ? of_rows.panels : two ? of_rows.two : of_rows.one)[width / step - 1](p, tile);
  };
  for_tiles(p.m, multiply);
}

template <class T>
void multiply_packed(const PackedOperands<T>& p) {
  if (p.n == 1) return multiply_column(p);
  const std::int64_t most_columns = (p.m <= most_rows_of_two && !p.left_in_panels ? 2 : 1) * panel_columns<T>;
  for (std::int64_t column = 0; column < p.n; column += most_columns) {
    const std::int64_t columns = p.n - column < most_columns ? p.n - column : most_columns;
    if (p.k <= inner_block) {
      multiply_tiles(p, p.parts, p.part_count, 0, column, columns);
      continue;
    }
    std::int64_t done = 0;
    for (std::int64_t number = 0; number < p.part_count; ++number) {
      LeftPart<T> block = p.parts[number];
      for (std::int64_t rest = block.columns; rest > 0; rest -= block.columns) {
        block.columns = rest < inner_block ? rest : inner_block;
        multiply_tiles(p, &block, 1, done, column, columns);
        block.data += block.columns;
        done += block.columns;
      }
    }
  }
}

template <class T>
constexpr PackedProduct<T> make_packed_product() {
  return {static_cast<std::int64_t>(lanes<T>),
          panel_columns<T>,
          pack_panels<T>,
          pack_left<T>,
          transpose<T>,
          multiply_packed<T>};
}

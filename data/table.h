#pragma once

#include <sluice/graph/call.h>
#include <sluice/graph/tensor.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::data {

/// The classes of a column of text: a row of class i has the text names[i].
struct Classes {
  Tensor ids;  ///< i32[rows]
  std::vector<std::string> names;
};

namespace detail {

/// What a reader such as read_csv makes a Table of.
struct TableContents {
  struct Field {
    std::size_t begin, size;  // in `bytes`
  };

  std::string source;  // what stands before the number of a line in messages: "[read_csv] data.csv:"
  std::string bytes;   // that hold all fields
  std::vector<std::string> names;  // of the columns
  std::vector<Field> fields;       // row by row
  std::vector<std::size_t> lines;  // where each row begins, for messages
  bool missing = true;             // whether numbers may be missing

  std::string_view text(const Field& field) const {
    return std::string_view(bytes).substr(field.begin, field.size);
  }
};

}  // namespace detail

/// Named columns of text and numbers.
///
///     const data::Table table = data::read_csv("houses.csv");
///     const Tensor x = table.tensor({"area", "rooms"});          // f32[rows, 2]
///     const data::Classes city = table.classes("city");          // ids i32[rows], names {"Bern", ...}
///
/// Fields are kept as text; asking for numbers reads them, in the same way in each locale: "-1.5", "+2",
/// "1e-3", "inf", with blanks around. A field that is empty, NA, N/A, NaN, nan, null or NULL is a missing
/// number.
class Table {
 public:
  explicit Table(detail::TableContents contents) : contents_(std::move(contents)) {}

  Index rows() const { return static_cast<Index>(contents_.lines.size()); }
  const std::vector<std::string>& names() const { return contents_.names; }
  bool has(std::string_view name) const;

  /// A column as numbers; a missing one is NaN, or an Error if the reader was told so. Throws Error for a
  /// name that is not there and, with the line, for a field that is no number.
  std::vector<double> column(std::string_view name, Location where = Location::current()) const;
  /// A column as it is written. Throws Error for a name that is not there.
  std::vector<std::string> column_text(std::string_view name, Location where = Location::current()) const;
  /// Columns of numbers side by side: [rows, columns], as f32, f64 or i32. Throws Error as `column` does, for
  /// numbers that the dtype cannot hold (i32: whole ones, none missing), and for bool.
  Tensor tensor(const std::vector<std::string>& names, DType dtype = DType::float32,
                Location where = Location::current()) const;
  /// The texts of a column as classes: the known ones, such as those that a model was trained on; without
  /// them those of the column, in the order of their bytes. Throws Error for a name that is not there and,
  /// with the line, for a text that is not known.
  Classes classes(std::string_view name, std::vector<std::string> known = {},
                  Location where = Location::current()) const;

 private:
  std::size_t find(std::string_view name) const;
  std::string_view text(std::size_t row, std::size_t column) const;
  double number(std::size_t row, std::size_t column, DType dtype) const;
  [[noreturn]] void refuse(std::size_t row, std::size_t column, std::string_view rule,
                           std::string_view advice) const;

  detail::TableContents contents_;
};

}  // namespace sluice::data

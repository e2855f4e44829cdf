#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <sluice/data/table.h>
#include <sluice/graph/error.h>
#include <sluice/data/shown.inl>

namespace sluice::data {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

bool is_missing(std::string_view text) {
  constexpr std::array<std::string_view, 7> missing{"", "NA", "N/A", "NaN", "nan", "null", "NULL"};
  return std::find(missing.begin(), missing.end(), text) != missing.end();
}

/// The number that the text is, if it is one.
std::optional<double> number_of(std::string_view text) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (rest != end || error == std::errc::invalid_argument) return std::nullopt;
  if (error == std::errc()) return number;
  // Out of range: it has an exponent that says whether it is too large or, which does no harm, too small.
  if (text.find("e-") == text.npos && text.find("E-") == text.npos) return std::nullopt;
  return text[0] == '-' ? -0. : 0.;
}

bool can_hold(DType dtype, double number) {
  if (dtype == DType::float32)
    return !std::isfinite(number) || std::abs(number) <= std::numeric_limits<float>::max();
  if (dtype != DType::int32) return true;
  return number >= std::numeric_limits<std::int32_t>::min() &&
         number <= std::numeric_limits<std::int32_t>::max() && number == std::trunc(number);
}

}  // namespace

bool Table::has(std::string_view name) const {
  return std::find(names().begin(), names().end(), name) != names().end();
}

std::size_t Table::find(std::string_view name) const {
  const auto found = std::find(names().begin(), names().end(), name);
  if (found != names().end()) return static_cast<std::size_t>(found - names().begin());
  throw Error(fmt::format("[table] a column must be there: got {}; the columns are {}",
                          detail::shown_text(name),
                          detail::shown_text(fmt::format("{}", fmt::join(names(), ", ")))));
}

std::string_view Table::text(std::size_t row, std::size_t column) const {
  return contents_.text(contents_.fields[row * names().size() + column]);
}

void Table::refuse(std::size_t row, std::size_t column, std::string_view rule,
                   std::string_view advice) const {
  throw Error(fmt::format("{}{}: column {} must {}: got {}; {}", contents_.source, contents_.lines[row],
                          detail::shown_text(names()[column]), rule, detail::shown_text(text(row, column)),
                          advice));
}

double Table::number(std::size_t row, std::size_t column, DType dtype) const {
  const std::string_view field = trimmed(text(row, column));
  if (is_missing(field)) {
    if (dtype != DType::int32 && contents_.missing) return std::numeric_limits<double>::quiet_NaN();
    refuse(row, column, "have a number in each row",
           dtype == DType::int32 ? "ask for f32 to read it as NaN" : "fill it in, or allow missing numbers");
  }
  const std::optional<double> number = number_of(field);
  if (!number) refuse(row, column, "be a number", "correct it, or ask for the column as text");
  if (!can_hold(dtype, *number)) {
    refuse(row, column,
           dtype == DType::int32 ? "be a whole number of 32 bits" : "be a number that f32 can hold",
           "ask for f64");
  }
  return *number;
}

std::vector<double> Table::column(std::string_view name, Location where) const {
  const sluice::detail::Call call(where);
  const std::size_t c = find(name);
  std::vector<double> numbers(contents_.lines.size());
  for (std::size_t row = 0; row < numbers.size(); ++row) numbers[row] = number(row, c, DType::float64);
  return numbers;
}

std::vector<std::string> Table::column_text(std::string_view name, Location where) const {
  const sluice::detail::Call call(where);
  const std::size_t c = find(name);
  std::vector<std::string> texts;
  for (std::size_t row = 0; row < contents_.lines.size(); ++row) texts.emplace_back(text(row, c));
  return texts;
}

Tensor Table::tensor(const std::vector<std::string>& names, DType dtype, Location where) const {
  const sluice::detail::Call call(where);
  if (dtype == DType::boolean)
    throw Error("[table] columns can be f32, f64 or i32: got bool; compare numbers, or use classes");
  std::vector<std::size_t> columns;
  for (const std::string& name : names) columns.push_back(find(name));
  Array array({dtype, {rows(), static_cast<Index>(columns.size())}}, Location{});
  with_type(dtype, [&](auto type) {
    using T = decltype(type);
    const std::span<T> values = array.values<T>();
    std::size_t at = 0;
    for (std::size_t row = 0; row < contents_.lines.size(); ++row) {
      for (const std::size_t c : columns) values[at++] = static_cast<T>(number(row, c, dtype));
    }
  });
  return Tensor(array);
}

Classes Table::classes(std::string_view name, std::vector<std::string> known, Location where) const {
  const sluice::detail::Call call(where);
  const std::size_t c = find(name);
  if (known.empty()) {
    std::set<std::string_view> texts;
    for (std::size_t row = 0; row < contents_.lines.size(); ++row) texts.insert(text(row, c));
    known.assign(texts.begin(), texts.end());
  }
  std::unordered_map<std::string_view, std::int32_t> number;
  for (std::size_t i = 0; i < known.size(); ++i) number.emplace(known[i], static_cast<std::int32_t>(i));
  std::vector<std::int32_t> ids;
  for (std::size_t row = 0; row < contents_.lines.size(); ++row) {
    const auto found = number.find(text(row, c));
    if (found == number.end())
      refuse(row, c, fmt::format("be one of {} known texts", known.size()),
             "add it to the known ones, or leave it out");
    ids.push_back(found->second);
  }
  return {sluice::tensor(ids, {rows()}, Location{}), std::move(known)};
}

}  // namespace sluice::data

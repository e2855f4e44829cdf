#include <sluice/nn/summary.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::nn {

namespace {

using Row = std::array<std::string, 5>;  // name, shape, dtype, numbers, and what is said about it

/// Columns as wide as their widest cell, two spaces apart; numbers are aligned on the right.
std::string table_of(const std::vector<Row>& rows) {
  std::array<std::size_t, 4> widths{};
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line = fmt::format("{:<{}}  {:<{}}  {:<{}}  {:>{}}  {}", row[0], widths[0], row[1], widths[1],
                                   row[2], widths[2], row[3], widths[3], row[4]);
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

std::string summary_of(const NamedVariables& variables) {
  std::vector<Row> rows{{"name", "shape", "dtype", "numbers", ""}};
  Index numbers = 0, trained = 0;
  std::size_t bytes = 0;
  for (const auto& [name, variable] : variables) {
    const bool floating = is_floating(variable.dtype());
    const bool frozen = variable.frozen();
    numbers += variable.size();
    bytes += static_cast<std::size_t>(variable.size()) * size_of(variable.dtype());
    if (floating && !frozen) trained += variable.size();
    rows.push_back({name, variable.shape().text(), std::string(name_of(variable.dtype())),
                    std::to_string(variable.size()),
                    !floating ? "-"
                    : frozen  ? "frozen"
                              : "trained"});
  }
  rows.push_back({"total", "", "", std::to_string(numbers),
                  fmt::format("{} bytes, {} numbers trained", bytes, trained)});
  return table_of(rows);
}

}  // namespace

std::string summary(const Module& model, Location where) {
  const sluice::detail::Call call("summary", where);
  return summary_of(model.variables());
}

std::string summary(std::initializer_list<NamedModule> modules, Location where) {
  const sluice::detail::Call call("summary", where);
  return summary_of(variables(modules));
}

}  // namespace sluice::nn

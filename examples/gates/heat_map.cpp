#include "heat_map.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace gates {
namespace {

constexpr double left = 150, right = 24, cell_width = 12, cell_height = 9, gap = 20;
constexpr std::size_t shown = 10;  // rows in a band

/// From white through blue to nearly black.
std::string colour(double value) {
  const double v = std::clamp(value, 0.0, 1.0);
  const auto part = [&](double at_half, double at_one) {
    const double x = v < 0.5 ? 250 + (at_half - 250) * v * 2 : at_half + (at_one - at_half) * (v * 2 - 1);
    return static_cast<int>(std::lround(x));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", part(90, 8), part(158, 24), part(212, 62));
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
  }
  return result;
}

struct Unit {
  std::size_t number;
  double mean, variance;  // over all characters
};

Unit measured(const std::vector<float>& values, std::size_t units, std::size_t unit) {
  double sum = 0, squares = 0;
  const double count = static_cast<double>(values.size()) / static_cast<double>(units);
  for (std::size_t i = unit; i < values.size(); i += units)
    sum += values[i], squares += values[i] * values[i];
  return {unit, sum / count, squares / count - sum / count * (sum / count)};
}

}  // namespace

HeatMap::HeatMap(std::string title, std::string_view sentence, std::size_t units)
    : title_(std::move(title)), units_(units), bottom_(64) {
  for (const char c : sentence) {
    if ((c & 0xC0) != 0x80) characters_.emplace_back();  // not the continuation of one in UTF-8
    characters_.back() += c;
  }
}

void HeatMap::text(double x, double y, std::string_view style, std::string_view line) {
  body_ += fmt::format("<text x=\"{}\" y=\"{}\" {}>{}</text>\n", x, y, style, escaped(line));
}

void HeatMap::add(std::string_view name, std::string_view meaning, const std::vector<float>& values) {
  std::vector<Unit> order;
  for (std::size_t i = 0; i < units_; ++i) order.push_back(measured(values, units_, i));
  std::stable_sort(order.begin(), order.end(),
                   [](const Unit& a, const Unit& b) { return a.variance > b.variance; });
  order.resize(std::min(shown, units_));
  std::stable_sort(order.begin(), order.end(), [](const Unit& a, const Unit& b) { return a.mean > b.mean; });

  const double height = static_cast<double>(order.size()) * cell_height;
  text(left - 10, bottom_ + height / 2 - 4, "text-anchor=\"end\" font-weight=\"bold\"", name);
  text(left - 10, bottom_ + height / 2 + 10, "text-anchor=\"end\" font-size=\"10\" fill=\"#555\"", meaning);
  for (std::size_t row = 0; row < order.size(); ++row) {
    for (std::size_t i = 0; i < characters_.size(); ++i) {
      body_ += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n",
                           left + static_cast<double>(i) * cell_width,
                           bottom_ + static_cast<double>(row) * cell_height, cell_width, cell_height,
                           colour(values[i * units_ + order[row].number]));
    }
  }
  bottom_ += height + gap;
  for (std::size_t i = 0; i < characters_.size(); ++i) {
    text(left + (static_cast<double>(i) + 0.5) * cell_width, bottom_ - 6,
         "text-anchor=\"middle\" font-family=\"monospace\"", characters_[i]);
  }
  bottom_ += gap / 2;
}

std::string HeatMap::svg() const {
  const double width = left + static_cast<double>(characters_.size()) * cell_width + right;
  std::string legend;
  constexpr int steps = 24;
  const double from = width - right - 120;
  for (int i = 0; i < steps; ++i) {
    legend += fmt::format("<rect x=\"{}\" y=\"38\" width=\"5\" height=\"10\" fill=\"{}\"/>\n", from + 5 * i,
                          colour(static_cast<double>(i) / (steps - 1)));
  }
  return fmt::format(
             "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
             "font-family=\"sans-serif\" font-size=\"12\" stroke=\"none\" "
             "shape-rendering=\"crispEdges\">\n"
             "<rect width=\"{0}\" height=\"{1}\" fill=\"#fff\"/>\n"
             "<text x=\"{2}\" y=\"26\" font-size=\"16\" font-weight=\"bold\">{3}</text>\n"
             "<text x=\"{2}\" y=\"47\" fill=\"#555\">a row is a unit, a column a character; the {4} units of "
             "each "
             "gate that change most</text>\n"
             "<text x=\"{5}\" y=\"47\" text-anchor=\"end\">0</text>\n<text x=\"{6}\" y=\"47\">1</text>\n",
             width, bottom_ + 4, left, escaped(title_), std::min(shown, units_), from - 5, from + 125) +
         legend + body_ + "</svg>\n";
}

}  // namespace gates

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gates {

/// A picture of numbers in [0, 1] over the characters of a sentence: bands of rows, a row per unit, a column
/// per character, the darker the larger.
class HeatMap {
 public:
  /// Values are those of so many units at each character.
  HeatMap(std::string title, std::string_view sentence, std::size_t units);

  /// A band of the units that change most. `values` are row-major, [characters, units].
  void add(std::string_view name, std::string_view meaning, const std::vector<float>& values);

  /// The picture, in SVG.
  std::string svg() const;

 private:
  void text(double x, double y, std::string_view style, std::string_view line);

  std::string title_;
  std::vector<std::string> characters_;
  std::size_t units_;
  std::string body_;
  double bottom_;  // of what is drawn
};

}  // namespace gates

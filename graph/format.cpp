#include <sluice/graph/leaf.h>
#include <sluice/graph/trace.h>
#include <sluice/graph/with_values.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <ostream>

namespace sluice {

namespace {

constexpr Index on_one_line = 8;

/// The shortest text that reads back as the number.
std::string element_text(const Array& array, Index i) {
  if (array.dtype() == DType::boolean) return array.element(i) != 0 ? "true" : "false";
  char text[32];
  const auto write = [&](auto number) { return std::to_chars(std::begin(text), std::end(text), number).ptr; };
  return {text, array.dtype() == DType::float32 ? write(static_cast<float>(array.element(i)))
                                                : write(array.element(i))};
}

/// The elements in braces. Of a long axis the first places are shown, then "...". The rows of a matrix of
/// more than a few elements stand below each other, their columns aligned.
class Braces {
 public:
  explicit Braces(const Array& array)
      : array_(array), shape_(array.shape()), small_(array.shape().size() <= on_one_line) {
    if (shape_.size() == 0) {
      text_ = "{}";
      return;
    }
    collect(0, 0);
    print(0);
  }

  const std::string& text() const { return text_; }
  bool several_lines() const { return shape_.rank() > 1 && !small_; }

 private:
  Index shown(Index axis) const {
    const Index length = shape_[axis];
    const Index from_end = shape_.rank() - 1 - axis;
    const Index most = from_end == 0 ? 8 : from_end == 1 ? 6 : 3;  // lengths that are shown in full
    const Index first = from_end == 0 ? 6 : from_end == 1 ? 3 : 2;
    return small_ || length <= most ? length : first;
  }

  /// The texts of the elements shown, in order, and the widths of the columns.
  void collect(Index axis, Index row) {
    if (axis == shape_.rank()) {
      cells_.push_back(element_text(array_, row));
      return;
    }
    for (Index i = 0; i < shown(axis); ++i) {
      collect(axis + 1, row * shape_[axis] + i);
      if (axis + 1 < shape_.rank() || !several_lines()) continue;
      widths_.resize(std::max(widths_.size(), static_cast<std::size_t>(i + 1)));
      std::size_t& width = widths_[static_cast<std::size_t>(i)];
      width = std::max(width, cells_.back().size());
    }
  }

  void print(Index axis) {
    if (axis == shape_.rank()) {
      text_ += cells_[next_++];
      return;
    }
    const bool inner = axis + 1 == shape_.rank();
    const std::string between =
        inner || !several_lines() ? ", " : ",\n" + std::string(static_cast<std::size_t>(axis + 1), ' ');
    text_ += '{';
    for (Index i = 0; i < shown(axis); ++i) {
      if (i > 0) text_ += between;
      if (inner && several_lines())
        text_.append(widths_[static_cast<std::size_t>(i)] - cells_[next_].size(), ' ');
      print(axis + 1);
    }
    if (shown(axis) < shape_[axis]) text_ += between + "...";
    text_ += '}';
  }

  const Array& array_;
  const Shape& shape_;
  const bool small_;
  std::vector<std::string> cells_;
  std::vector<std::size_t> widths_;
  std::size_t next_ = 0;
  std::string text_;
};

/// What a tensor without a value is: "the result of 'add' (main.cpp:12)".
std::string origin(const Node& node) {
  if (dynamic_cast<const Placeholder*>(node.op.get()) != nullptr) return "an argument";
  if (const Variable variable = variable_read_by(node); variable.defined()) {
    const Location made = variable.slot()->made;
    return made.of_user() ? fmt::format("a read of a Variable made at {}", made.text())
                          : "a read of a Variable";
  }
  const std::string where = node.where.of_user() ? fmt::format(" ({})", node.where.text()) : "";
  return fmt::format("the result of '{}'{}", node.op->name(), where);
}

}  // namespace

std::string Tensor::text() const {
  if (!defined()) return "an undefined tensor";
  const std::string known = spec().text();
  if (!has_value()) return fmt::format("{}, {}", known, origin(*node_));
  const Braces braces(value());
  return fmt::format("{}{}{}", known, braces.several_lines() ? "\n" : " ", braces.text());
}

std::ostream& operator<<(std::ostream& out, DType dtype) { return out << name_of(dtype); }
std::ostream& operator<<(std::ostream& out, const Shape& shape) { return out << shape.text(); }
std::ostream& operator<<(std::ostream& out, const Spec& spec) { return out << spec.text(); }
std::ostream& operator<<(std::ostream& out, const Tensor& x) { return out << x.text(); }

std::ostream& operator<<(std::ostream& out, const Variable& variable) {
  if (!variable.defined()) return out << "an undefined Variable";
  const bool stands_for_tensor = detail::Standing::tensor(variable.slot().get()) != nullptr;
  if (is_tracing() || stands_for_tensor) return out << "a Variable " << variable.text();
  return out << variable.value();
}

}  // namespace sluice

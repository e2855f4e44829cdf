#include <algorithm>
#include <random>

#include "compile/random_functions_run.h"

namespace sluice::test {

namespace {

/// Numbers of the values that can be taken, by what they are.
struct Known {
  std::vector<int> numbers;
  std::vector<int> integers;
  std::vector<int> masks;
  std::vector<int> keys;
  std::vector<int> losses;

  std::vector<int>& of_kind(char kind) {
    return kind == 'n' ? numbers : kind == 'i' ? integers : kind == 'm' ? masks : keys;
  }
};

/// What lines of a block may do.
struct Rights {
  bool effects = true;  // assign Variables, and call functions that do
  int depth = 2;        // of scans and derivatives inside
};

/// Draws lines.
class Author {
 public:
  explicit Author(unsigned seed) : random_(seed * 2654435761u + 29) {}

  std::size_t below(std::size_t n) { return random_() % n; }
  bool chance(std::size_t one_in) { return below(one_in) == 0; }
  double number() { return static_cast<double>(random_()) / 2147483648.0 - 1; }

  /// A function of values 0 to 3, which may call the first `called` functions.
  Block function(std::size_t lines, std::size_t called, std::size_t returns) {
    Known known{{0, 1, 2}, {3}, {}, {}, {}};
    called_ = called;
    Block block;
    for (unsigned variable = 0; variable < 3; ++variable) {
      if (chance(2)) block.lines.push_back(read(variable, known));
    }
    for (std::size_t i = 0; i < lines; ++i) block.lines.push_back(line(known, {}));
    for (std::size_t i = 0; i < returns; ++i) block.returns.push_back(any(known));
    return block;
  }

 private:
  Block written(std::size_t count, Known& known, const Rights& rights) {
    Block block;
    for (std::size_t i = 0; i < count; ++i) block.lines.push_back(line(known, rights));
    return block;
  }

  Line fresh(Line::Kind kind) {
    Line line;
    line.kind = kind;
    line.value = next_;
    next_ += Line::values_reserved;
    return line;
  }

  Line read(unsigned variable, Known& known) {
    Line line = fresh(Line::Kind::read);
    line.choice = variable;
    known.numbers.push_back(line.value);
    return line;
  }

  Line line(Known& known, const Rights& rights) {
    Line line = fresh(kind(rights));
    line.choice = static_cast<unsigned>(random_() % 1000000);
    line.number = number();
    switch (line.kind) {
      case Line::Kind::op:
        op(line, known);
        break;
      case Line::Kind::read:
        known.of_kind(kind_of_variable(line)).push_back(line.value);
        break;
      case Line::Kind::loss:
        if (!chance(3)) line.choice = 1;  // of the parameter that both optimisers have
        line.takes = {pick(known.numbers)};
        known.numbers.push_back(line.value);
        known.losses.push_back(line.value);
        break;
      case Line::Kind::gradient:
        line.takes = {some_loss(known)};
        known.numbers.push_back(line.value);
        if (line.choice % 3 != 0) known.numbers.push_back(line.value + 1);
        break;
      case Line::Kind::gradient_of:
        line.takes = {some_loss(known), pick(known.numbers)};
        known.numbers.push_back(line.value);
        break;
      case Line::Kind::derivative:
        derivative(line, known, rights);
        break;
      case Line::Kind::scan:
        scan(line, known, rights);
        break;
      case Line::Kind::call:
        line.takes = {pick(known.numbers), pick(known.numbers), pick(known.integers)};
        line.choice = static_cast<unsigned>(2 * below(called_) + below(2));
        known.numbers.insert(known.numbers.end(), {line.value, line.value + 1});
        break;
      case Line::Kind::assign:
        line.takes = {pick(known.of_kind(kind_of_variable(line)))};
        break;
      case Line::Kind::swap:
        known.numbers.push_back(line.value);
        break;
      case Line::Kind::count:
        known.integers.push_back(line.value);
        break;
      case Line::Kind::split_key:
        known.keys.push_back(line.value);
        break;
      case Line::Kind::update:
        line.takes = {some_loss(known)};
        known.numbers.push_back(line.value);
        break;
      case Line::Kind::carry_on:
        line.takes = {pick(known.numbers)};
        known.numbers.push_back(line.value);
        break;
    }
    return line;
  }

  Line::Kind kind(const Rights& rights) {
    using Kind = Line::Kind;
    const std::size_t drawn = below(100);
    if (rights.depth > 0 && drawn < 7) return chance(4) ? Kind::derivative : Kind::scan;
    if (drawn < 40) return Kind::op;
    if (drawn < 55) return Kind::read;
    if (drawn < 62) return Kind::loss;
    if (drawn < 67) return Kind::gradient;
    if (drawn < 70) return Kind::gradient_of;
    if (!rights.effects && !chance(200)) return Kind::op;
    if (drawn < 81) return Kind::assign;
    if (drawn < 88) return Kind::update;
    if (drawn < 90) return Kind::swap;
    if (drawn < 93) return Kind::count;
    if (drawn < 95) return Kind::split_key;
    if (drawn < 97) return Kind::carry_on;
    return called_ > 0 ? Kind::call : Kind::assign;
  }

  void op(Line& line, Known& known) {
    unsigned total = 0;
    for (const RandomOp& op : random_ops()) total += op.weight;
    auto drawn = static_cast<unsigned>(below(total));
    line.choice = 0;
    for (const RandomOp& op : random_ops()) {
      if (drawn < op.weight) break;
      drawn -= op.weight;
      ++line.choice;
    }
    const RandomOp& chosen = random_ops()[line.choice];
    for (const char kind : chosen.takes) line.takes.push_back(pick(known.of_kind(kind)));
    known.of_kind(chosen.gives).push_back(line.value);
  }

  void derivative(Line& line, Known& known, const Rights& rights) {
    line.takes = {pick(known.numbers), pick(known.numbers)};
    Known inside = known;
    const int given = line.value + Line::most_values;
    inside.numbers.insert(inside.numbers.end(), {given, given + 1});
    line.block = written(1 + below(4), inside, {false, rights.depth - 1});
    line.block.returns = {inside.numbers.back()};
    known.numbers.insert(known.numbers.end(), {line.value, line.value + 1});
    if (line.choice % 2 == 0) known.numbers.push_back(line.value + 2);
  }

  void scan(Line& line, Known& known, const Rights& rights) {
    const std::size_t carried = 1 + line.choice % 2;
    const std::size_t xs = below(3);
    for (std::size_t i = 0; i < carried; ++i) line.takes.push_back(pick(known.numbers));
    for (std::size_t i = 0; i < xs; ++i) line.takes.push_back(chance(2) ? 1 : pick(known.numbers));
    Known inside = known;
    int given = line.value + Line::most_values;
    inside.integers.push_back(given++);
    for (std::size_t i = 0; i < carried + xs; ++i) inside.numbers.push_back(given++);
    line.block = written(1 + below(7), inside, {false, rights.depth - 1});
    for (std::size_t i = 0; i < carried; ++i) line.block.returns.push_back(pick(inside.numbers));
    const std::size_t ys = below(3);
    for (std::size_t i = 0; i < ys; ++i) line.block.returns.push_back(pick(inside.numbers));
    known.integers.push_back(line.value);
    for (std::size_t i = 0; i < carried + ys; ++i)
      known.numbers.push_back(line.value + 1 + static_cast<int>(i));
  }

  std::vector<int> assigned(Line& line, Known& known) {
    if (chance(4))
      line.choice = static_cast<unsigned>(World::number_count);  // the counter, more often than others
    return {pick(known.of_kind(kind_of_variable(line)))};
  }

  static char kind_of_variable(const Line& line) {
    const unsigned which = variable_number(line);
    if (which < World::number_count) return 'n';
    if (which < World::number_count + World::integer_count) return 'i';
    return which == World::number_count + World::integer_count ? 'm' : 'k';
  }

  int some_loss(const Known& known) {
    return !known.losses.empty() && !chance(6) ? pick(known.losses) : pick(known.numbers);
  }

  /// Half of the time one of the last; a number that no value has where there is none.
  int pick(const std::vector<int>& numbers) {
    if (numbers.empty()) return -1;
    const std::size_t recent = std::min<std::size_t>(numbers.size(), 3);
    return numbers[chance(2) ? below(numbers.size()) : numbers.size() - 1 - below(recent)];
  }

  int any(Known& known) {
    const std::size_t which = below(8);
    if (which == 0 && !known.masks.empty()) return pick(known.masks);
    return pick(which == 1 ? known.integers : known.numbers);
  }

  std::mt19937 random_;
  std::size_t called_ = 0;
  int next_ = Line::values_reserved;
};

}  // namespace

RandomFunction random_function(unsigned seed, DType dtype) {
  Author author(seed);
  RandomFunction function;
  function.seed = seed;
  function.dtype = dtype;
  function.steps = static_cast<Index>(author.below(6));
  for (std::size_t n = author.below(3); n > 0; --n)
    function.called.push_back(author.function(2 + author.below(6), function.called.size(), 2));
  function.main = author.function(4 + author.below(22), function.called.size(), 1 + author.below(4));
  return function;
}

}  // namespace sluice::test

#pragma once

#include <string>
#include <unordered_map>

#include "compile/random_functions_ops.h"
#include "compile/random_functions_world.h"

namespace sluice::test {

/// How to read a line: what it does with which values.
std::string text_of(const Line& line);

/// Which Variable a line is about: a number's below World::number_count, then integers, the mask, the key.
unsigned variable_number(const Line& line);

/// Runs the lines of a random function once, eagerly or while it is traced.
class FunctionRun {
 public:
  FunctionRun(const RandomFunction& function, World& world) : function_(function), world_(world) {}

  /// Writes each line from now on with the specs of what it gives.
  void write_to(std::string& text) { text_ = &text; }
  /// Remembers effects from now on.
  void keep_effects() { keeps_effects_ = true; }

  /// Calls a block of the function: arguments are values 0, 1, ... They are opaque in a function that is
  /// compiled on its own.
  Tensors run(const Block& block, const Tensors& arguments, bool opaque = false);

  /// All that was assigned, and arguments and results of compiled functions: what an eager call has
  /// evaluated, too.
  const Tensors& effects() const { return effects_; }

 private:
  using Values = std::unordered_map<int, Term>;

  void line(const Line& line, Values& values);
  Tensors lines(const Block& block, Values& values);
  std::vector<Term> results_of(const Line& line, Values& values);

  std::vector<Term> op(const Line& line, const Values& values);
  std::vector<Term> read(const Line& line);
  std::vector<Term> loss(const Line& line, const Values& values);
  std::vector<Term> gradient(const Line& line, const Values& values);
  std::vector<Term> gradient_of(const Line& line, const Values& values);
  std::vector<Term> derivative(const Line& line, const Values& values);
  std::vector<Term> scan(const Line& line, const Values& values);
  std::vector<Term> call(const Line& line, const Values& values);
  std::vector<Term> assign(const Line& line, const Values& values);
  std::vector<Term> swap(const Line& line);
  std::vector<Term> count();
  std::vector<Term> split_key();
  std::vector<Term> update(const Line& line, const Values& values);
  std::vector<Term> carry_on(const Line& line, const Values& values);

  /// The i-th value that a line takes, as numbers ('n'), integers, a mask or a key.
  Term operand(const Line& line, std::size_t i, char kind, const Values& values);
  /// The same for a value to differentiate; a constant in place of one that is opaque.
  Term differentiable(const Line& line, std::size_t i, const Values& values);
  const Variable& variable(const Line& line) const;
  void remember(const Tensor& effect);
  void remember_variables();

  const RandomFunction& function_;
  World& world_;
  std::string* text_ = nullptr;
  bool keeps_effects_ = false;
  std::string indent_ = "  ";
  bool took_opaque_ = false;
  Tensors effects_;
};

}  // namespace sluice::test

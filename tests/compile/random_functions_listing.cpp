#include <sluice/graph/print.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "compile/random_functions_run.h"

namespace sluice::test {

namespace {

std::string taken(const Line& line, std::size_t i) {
  return i < line.takes.size() ? fmt::format("%{}", line.takes[i]) : "default";
}

std::string all_taken(const Line& line) { return fmt::format("%{}", fmt::join(line.takes, ", %")); }

std::string variable_text(unsigned number) {
  if (number < World::number_count) return fmt::format("v{}", number);
  if (number < World::number_count + World::integer_count)
    return fmt::format("n{}", number - World::number_count);
  return number == World::number_count + World::integer_count ? "mask" : "key";
}

std::string op_text(const Line& line) {
  std::string text;
  const std::string_view form = random_ops()[line.choice % random_ops().size()].text;
  for (std::size_t i = 0; i < form.size(); ++i) {
    if (form[i] != '$') {
      text += form[i];
    } else {
      const char what = form[++i];
      text +=
          what == 'x' ? fmt::format("{:.3}", line.number) : taken(line, static_cast<std::size_t>(what - '0'));
    }
  }
  return text;
}

}  // namespace

unsigned variable_number(const Line& line) {
  return line.choice % static_cast<unsigned>(World::number_count + World::integer_count + 2);
}

std::string text_of(const Line& line) {
  constexpr auto count = static_cast<unsigned>(World::number_count);
  const std::string variable = variable_text(variable_number(line));
  const std::string number = variable_text(line.choice % count);
  switch (line.kind) {
    case Line::Kind::op:
      return op_text(line);
    case Line::Kind::read:
      return "read " + variable;
    case Line::Kind::loss:
      return fmt::format("scalar({}) + sum(tanh({} * {:.3}))", taken(line, 0), number, 1 + line.number);
    case Line::Kind::gradient:
      if (line.choice % 3 == 0) return fmt::format("grad({}, {})", taken(line, 0), number);
      return fmt::format("grad({}, {{{}, {}}})", taken(line, 0), number,
                         variable_text(line.choice / count % count));
    case Line::Kind::gradient_of:
      return fmt::format("grad({}, {})", taken(line, 0), taken(line, 1));
    case Line::Kind::derivative:
      return fmt::format("{} at {}", line.choice % 2 == 0 ? "value_and_grad" : "jvp", all_taken(line));
    case Line::Kind::scan:
      return fmt::format("scan of %{} to %{}, {} carried{}{}", fmt::join(line.takes, ", %"),
                         fmt::join(line.block.returns, ", %"), 1 + line.choice % 2,
                         line.choice / 2 % 2 == 1 ? ", reverse" : "",
                         line.choice / 4 % 4 == 0 ? ", checkpoint" : "");
    case Line::Kind::call:
      return fmt::format("call of {}function {} with {}", line.choice % 2 == 0 ? "compiled " : "",
                         line.choice / 2, all_taken(line));
    case Line::Kind::assign:
      return fmt::format(
          "{}.assign({}{})", variable, taken(line, 0),
          line.choice % 3 == 0 ? fmt::format(" * 0.3 + {} * 0.7 if it is of numbers", variable) : "");
    case Line::Kind::swap:
      return fmt::format("swap(v0, v{}){}", count - 1,
                         line.choice % 2 == 0 ? "" : fmt::format(" * {:.3}", line.number));
    case Line::Kind::count:
      return "count n0 up";
    case Line::Kind::split_key:
      return "split(key)";
    case Line::Kind::update:
      return fmt::format("optimizer {} update({})", line.choice % 2, taken(line, 0));
    default:
      return fmt::format("carry on with {}", taken(line, 0));
  }
}

std::string listing(const RandomFunction& function) {
  std::string text;
  World world(function);
  for (std::size_t i = 0; i < world.optimizers.size(); ++i) {
    text += fmt::format("optimizer {} of", i);
    for (const NamedVariable& p : world.optimizers[i]->parameters())
      text += p.name == "shared" ? " v1" : " v" + p.name;
    for (const NamedVariable& s : world.optimizers[i]->variables()) text += fmt::format(" {}", s.name);
    text += "\n";
  }
  const Tensors arguments = arguments_of(function);
  Specs specs;
  for (const Tensor& argument : arguments) specs.push_back(argument.spec());
  const auto written = [&](const Block& block, const Specs& of) {
    try {
      const Graph graph = trace(
          [&](const Tensors& given) {
            FunctionRun run(function, world);
            run.write_to(text);
            return run.run(block, given);
          },
          of);
      return to_text(graph);
    } catch (const Error& error) {
      return fmt::format("is not traced: {}\n", error.what());
    }
  };
  for (std::size_t i = 0; i < function.called.size(); ++i) {
    text += fmt::format("function {}, here with arguments of the main function's shapes\n", i);
    Specs of = specs;
    of[1] = of[0];
    written(function.called[i], of);
  }
  text += "main function\n";
  const std::string graph = written(function.main, specs);
  return text + graph;
}

}  // namespace sluice::test

#include <sluice/compile/schedule.h>
#include <sluice/graph/error.h>
#include <sluice/graph/tensor.h>
#include <sluice/ops/scan_op.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstring>

namespace sluice {

namespace {

void copy_bytes(std::byte* to, const std::byte* from, std::size_t bytes) {
  if (bytes > 0 && to != from) std::memcpy(to, from, bytes);
}

}  // namespace

void Schedule::place(std::byte* arena) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].home == Home::arena) at[i] = arena + values[i].offset;
  }
}

void Schedule::run() {
  for (Step& step : steps) {
    if (step.loop != nullptr) {
      step.loop->run(at);
      continue;
    }
    if (step.node == nullptr) {
      copy_bytes(at[step.outputs[0]], at[step.inputs[0]], values[step.inputs[0]].spec.bytes());
      continue;
    }
    for (std::size_t i = 0; i < step.inputs.size(); ++i) step.input_views[i].data = at[step.inputs[i]];
    for (std::size_t i = 0; i < step.outputs.size(); ++i) {
      step.output_views[i].data = step.outputs[i] == none ? nullptr : at[step.outputs[i]];
    }
    try {
      step.node->op->run(step.input_views, step.output_views);
    } catch (Error& error) {
      error.locate(step.node->where);
      throw;
    }
  }
  for (const Copy& update : updates)
    copy_bytes(at[update.to], at[update.from], values[update.to].spec.bytes());
}

void Schedule::Loop::run(const std::vector<std::byte*>& outside) {
  body->place(outside[scratch]);
  for (const Binding& capture : captures) body->at[capture.inside] = outside[capture.outside];
  for (const Carry& carry : carries) {
    copy_bytes(outside[carry.final], outside[carry.initial], body->values[carry.inside].spec.bytes());
    body->at[carry.inside] = outside[carry.final];
  }
  for (const Copy& shared : body->in_place) body->at[shared.from] = body->at[shared.to];
  for (Index i = 0; i < scan->length(); ++i) {
    const auto t = static_cast<std::size_t>(scan->time(i));
    for (const Binding& b : moving)
      body->at[b.inside] = outside[b.outside] + t * body->values[b.inside].spec.bytes();
    body->run();
  }
}

std::string Schedule::text(const std::string& indent) const {
  const auto name = [&](std::size_t value) {
    if (value == none) return std::string("-");
    const Value& v = values[value];
    switch (v.home) {
      case Home::arena:
        return fmt::format("%{}@{}", value, v.offset);
      case Home::fixed:
        return fmt::format("${}", value);
      case Home::bound:
        break;
    }
    return fmt::format("%{}", value);
  };
  const auto list = [&](const std::vector<std::size_t>& of) {
    std::vector<std::string> parts;
    for (std::size_t value : of) parts.push_back(name(value));
    return fmt::format("{}", fmt::join(parts, ", "));
  };
  std::string lines;
  for (const Step& step : steps) {
    const std::string attributes = step.node == nullptr ? "" : step.node->op->attributes();
    lines += fmt::format(
        "{}{} = {}({}{}{})  {}\n", indent, list(step.outputs),
        step.node == nullptr ? "copy" : step.node->op->name(), list(step.inputs),
        attributes.empty() ? "" : ", ", attributes,
        step.outputs.empty() || step.outputs[0] == none ? "" : values[step.outputs[0]].spec.text());
    if (step.loop != nullptr) lines += step.loop->body->text(indent + "    ");
  }
  for (const Copy& shared : in_place)
    lines += fmt::format("{}{} in {}\n", indent, name(shared.from), name(shared.to));
  for (const Copy& update : updates)
    lines += fmt::format("{}{} <- {}\n", indent, name(update.to), name(update.from));
  return lines;
}

}  // namespace sluice

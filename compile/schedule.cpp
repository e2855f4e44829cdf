#include <sluice/compile/copy_kernel.h>
#include <sluice/compile/schedule.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <chrono>

namespace sluice {

void Schedule::place(std::byte* arena) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& value = values[i];
    if (value.home == Value::Home::arena) at[i] = arena + value.offset;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Value& value = values[i];
    if (value.home == Value::Home::part && values[value.whole].home != Value::Home::bound)
      at[i] = at[value.whole] + value.offset;
  }
}

void Schedule::follow_bound() {
  for (const Copy& shared : in_place) at[shared.from] = at[shared.to];
  for (std::size_t part : parts_of_bound) at[part] = at[values[part].whole] + values[part].offset;
}

void Schedule::bind() {
  for (const auto& kernel : kernels) kernel->bind(at);
}

void Schedule::run() {
  if (seconds_.empty()) {
    for (const auto& kernel : kernels) kernel->run(at);
  } else {
    run_timed();
  }
  for (const Copy& update : updates)
    copy_value(at[update.to], values[update.to], at[update.from], values[update.from]);
}

void Schedule::run_timed() {
  using Clock = std::chrono::steady_clock;
  auto before = Clock::now();
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    kernels[i]->run(at);
    const auto now = Clock::now();
    seconds_[i] += std::chrono::duration<double>(now - before).count();
    before = now;
  }
}

void Schedule::set_profiling(bool on) {
  seconds_.assign(on ? kernels.size() : 0, 0);
  for (const auto& kernel : kernels) kernel->set_profiling(on);
}

void Schedule::add_lines(Profile& profile, int depth, double calls) const {
  for (std::size_t i = 0; i < kernels.size(); ++i) {
    const Kernel& kernel = *kernels[i];
    const auto written = std::find_if(kernel.writes.begin(), kernel.writes.end(),
                                      [](std::size_t value) { return value != Value::none; });
    const std::string details = kernel.details();
    std::string text = kernel.name();
    if (written != kernel.writes.end()) text += " -> " + values[*written].spec.text();
    text += "  " + details.substr(0, details.find('\n'));
    profile.lines.push_back({text, depth, calls, seconds_[i], kernel.flops() * calls});
    kernel.add_lines(profile, depth + 1, calls);
  }
}

std::vector<MemoryUse> Schedule::memory() const {
  std::vector<MemoryUse> uses;
  for (const Value& value : values) {
    if (value.home != Value::Home::arena) continue;
    std::string name(value.role);
    if (value.node != nullptr) {
      name += fmt::format("{}{}", name.empty() ? "" : ", ", value.node->op->name());
      if (value.node->where.of_user()) name += fmt::format(" ({})", value.node->where.text());
    }
    uses.push_back({std::move(name), value.spec, value.spec.bytes(), value.offset});
  }
  std::stable_sort(uses.begin(), uses.end(),
                   [](const MemoryUse& a, const MemoryUse& b) { return a.bytes > b.bytes; });
  return uses;
}

std::string Schedule::text(const std::string& indent) const {
  const auto name = [&](std::size_t value) -> std::string {
    if (value == Value::none) return "-";
    const Value& v = values[value];
    switch (v.home) {
      case Value::Home::arena:
        return fmt::format("%{}@{}", value, v.offset);
      case Value::Home::fixed:
        return fmt::format("${}", value);
      case Value::Home::part:
        return fmt::format("%{}[+{}]", v.whole, v.offset);
      case Value::Home::bound:
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
  for (const auto& kernel : kernels) {
    const std::string details = kernel->details();
    const bool written = !kernel->writes.empty() && kernel->writes[0] != Value::none;
    std::size_t bytes = 0;
    for (const auto* of : {&kernel->reads, &kernel->writes}) {
      for (const std::size_t value : *of) bytes += value == Value::none ? 0 : values[value].spec.bytes();
    }
    lines += fmt::format("{}{} = {}({})  {}, {} bytes{}\n", indent, list(kernel->writes), kernel->name(),
                         list(kernel->reads), written ? values[kernel->writes[0]].spec.text() : "", bytes,
                         kernel->flops() > 0 ? fmt::format(", {:.0f} flops", kernel->flops()) : "");
    // Details of several lines (the instructions of a group, the body of a loop) are printed below.
    for (std::size_t begin = 0; begin < details.size();) {
      const std::size_t end = details.find('\n', begin);
      lines += fmt::format("{}    {}\n", indent, details.substr(begin, end - begin));
      begin = end == std::string::npos ? details.size() : end + 1;
    }
  }
  for (const Copy& shared : in_place)
    lines += fmt::format("{}{} in {}\n", indent, name(shared.from), name(shared.to));
  for (const Copy& update : updates)
    lines += fmt::format("{}{} <- {}\n", indent, name(update.to), name(update.from));
  return lines;
}

}  // namespace sluice

#include <sluice/compile/loop_kernel.h>
#include <sluice/compile/product_kernel.h>
#include <sluice/kernels/threads.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {

void copy_bytes(std::byte* to, const std::byte* from, Index bytes) {
  if (bytes > 0 && to != from) std::memcpy(to, from, static_cast<std::size_t>(bytes));
}

void fill_zero(std::byte* to, Index bytes) {
  constexpr Index grain = Index{1} << 18;
  kernels::parallel_for(bytes, grain, [&](Index begin, Index end) {
    std::memset(to + begin, 0, static_cast<std::size_t>(end - begin));
  });
}

}  // namespace

LoopKernel::LoopKernel(std::shared_ptr<const Node> node, const ScanOp& scan)
    : node_(std::move(node)), scan_(scan) {}

void LoopKernel::run(const Addresses& at) {
  for (const Pack& p : packs)
    pack_operand(p.transpose, p.inner, p.columns, p.value, at[p.source], at[p.packed]);
  const detail::LoopStep* const outer = detail::LoopStep::innermost();
  if (chunks.size() == 1) {
    run_chunk(chunks.front(), at, outer);
    return;
  }
  kernels::parallel_for(static_cast<Index>(chunks.size()), 1,
                        [&](Index i, Index) { run_chunk(chunks[static_cast<std::size_t>(i)], at, outer); });
}

/// A carry's initial and final value may share memory.
bool LoopKernel::may_overwrite(std::size_t read, std::size_t written) const {
  const auto is_read = [&](const Binding& b) { return b.outside == read; };
  if (std::any_of(captures.begin(), captures.end(), is_read)) return false;
  if (std::any_of(moving.begin(), moving.end(), is_read)) return false;
  const auto begins = [&](const Carry& c) { return c.initial == read; };
  const auto carry = std::find_if(carries.begin(), carries.end(), begins);
  return carry != carries.end() && !carry->stacked() && carry->final == written &&
         std::none_of(carry + 1, carries.end(), begins);
}

void LoopKernel::run_chunk(Chunk& chunk, const Addresses& at, const detail::LoopStep* outer) {
  Schedule& body = chunk.body;
  const auto bind = [&](const Binding& b, Index time) {
    body.at[b.inside] = at[b.outside] + time * b.step_bytes + chunk.first * b.row_bytes;
  };
  for (const Binding& capture : captures) bind(capture, 0);
  for (const Pack& p : packs) body.at[p.inside] = at[p.packed];
  begin_carries(chunk, at);
  body.place(at[chunk.scratch]);
  detail::LoopStep running(node_->where, scan_.step_count(), outer);
  try {
    for (Index step = 0; step < scan_.length(); ++step) {
      running.begin(scan_.time(step));
      for (const Binding& b : moving) bind(b, scan_.time(step));
      bind_carries(chunk, step, at);
      body.follow_bound();
      body.run();
    }
  } catch (Error& error) {
    running.tell(error);
    throw;
  }
  end_carries(chunk, at);
}

void LoopKernel::begin_carries(const Chunk& chunk, const Addresses& at) const {
  for (const Carry& c : carries) {
    const Index row = chunk.first * c.row_bytes;
    const Index bytes = c.row_bytes > 0 ? chunk.rows * c.row_bytes : c.bytes;
    if (c.initial == Value::none) {
      fill_zero(at[c.final] + row, bytes);
      continue;
    }
    const std::byte* const initial = at[c.initial] + row;
    if (c.stack_in != Value::none && scan_.length() > 0)
      copy_bytes(at[c.stack_in] + scan_.time(0) * c.bytes + row, initial, bytes);
    if (!c.stacked()) copy_bytes(at[c.final] + row, initial, bytes);
  }
}

void LoopKernel::bind_carries(Chunk& chunk, Index step, const Addresses& at) const {
  Addresses& inside = chunk.body.at;
  const Index time = scan_.time(step);
  for (const Carry& c : carries) {
    const Index row = chunk.first * c.row_bytes;
    if (!c.stacked()) {
      inside[c.inside] = at[c.final] + row;
      continue;
    }
    if (c.stack_in != Value::none) {
      inside[c.inside] = at[c.stack_in] + time * c.bytes + row;
    } else {
      inside[c.inside] =
          step == 0 ? at[c.initial] + row : at[c.stack_out] + scan_.time(step - 1) * c.bytes + row;
    }
    if (c.stack_out != Value::none) {
      inside[c.next] = at[c.stack_out] + time * c.bytes + row;
    } else if (step + 1 < scan_.length()) {
      inside[c.next] = at[c.stack_in] + scan_.time(step + 1) * c.bytes + row;
    } else {
      inside[c.next] = at[c.final] + row;
    }
  }
}

void LoopKernel::end_carries(const Chunk& chunk, const Addresses& at) const {
  for (const Carry& c : carries) {
    if (!c.stacked() || c.final == Value::none) continue;
    const Index row = chunk.first * c.row_bytes;
    const Index bytes = c.row_bytes > 0 ? chunk.rows * c.row_bytes : c.bytes;
    if (scan_.length() == 0) {
      copy_bytes(at[c.final] + row, at[c.initial] + row, bytes);
    } else if (c.stack_out != Value::none) {
      const Index last = scan_.time(scan_.length() - 1);
      copy_bytes(at[c.final] + row, at[c.stack_out] + last * c.bytes + row, bytes);
    }
  }
}

std::string LoopKernel::details() const {
  std::string rows;
  if (chunks.size() > 1) rows = fmt::format(", rows divided by {}", chunks.size());
  return fmt::format("{} steps{}{}\n{}", scan_.length(), scan_.reverse() ? ", reverse" : "", rows,
                     chunks.front().body.text("  "));
}

void LoopKernel::set_profiling(bool on) {
  for (Chunk& chunk : chunks) chunk.body.set_profiling(on);
}

void LoopKernel::add_lines(Profile& profile, int depth, double calls) const {
  // All chunks have the same kernels: their flops add up, their concurrent times do not.
  const std::size_t begin = profile.lines.size();
  const double steps = calls * static_cast<double>(scan_.length());
  chunks.front().body.add_lines(profile, depth, steps);
  for (std::size_t i = 1; i < chunks.size(); ++i) {
    Profile other;
    chunks[i].body.add_lines(other, depth, steps);
    for (std::size_t k = 0; k < other.lines.size(); ++k) {
      profile.lines[begin + k].seconds += other.lines[k].seconds;
      profile.lines[begin + k].flops += other.lines[k].flops;
    }
  }
  for (std::size_t k = begin; k < profile.lines.size(); ++k)
    profile.lines[k].seconds /= static_cast<double>(chunks.size());
}

double LoopKernel::flops() const {
  double sum = 0;
  for (const Chunk& chunk : chunks) {
    for (const auto& kernel : chunk.body.kernels) sum += kernel->flops();
  }
  return sum * static_cast<double>(scan_.length());
}

}  // namespace sluice

#include <sluice/compile/lasting.h>
#include <sluice/compile/product_kernel.h>
#include <sluice/compile/program.h>
#include <sluice/compile/repeats.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/leaf.h>
#include <sluice/kernels/threads.h>

#include <fmt/format.h>

#include <chrono>
#include <cstring>

namespace sluice {

namespace {

constexpr Index few_rows = 64;

ScheduleRequest request_of(const Graph& graph, const PassSet& passes) {
  ScheduleRequest request;
  request.lowering = {passes.has("windows"), passes.has("fuse"), passes.has("pack"), passes.has("rows"),
                      passes.has("reuse")};
  request.inputs = graph.inputs;
  request.outputs = graph.outputs;
  for (const Graph::Write& write : graph.writes) {
    // The Variable's place in memory is what its read node stands for, also where nobody reads it.
    request.updates.push_back({write.value, reading_of(write.variable)});
  }
  return request;
}

/// Marks a Program as running for as long as the run takes, however it ends.
class Running {
 public:
  explicit Running(std::atomic<bool>& flag) : flag_(flag) {
    if (flag_.exchange(true, std::memory_order_acquire)) {
      throw Error(
          "[program] one run at a time: got a call during another run; compile the function once per thread");
    }
  }
  ~Running() { flag_.store(false, std::memory_order_release); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  std::atomic<bool>& flag_;
};

}  // namespace

Program::Program(const Graph& graph, const PassSet& passes)
    : graph_(optimize(graph, passes, &passes_)), set_(passes), warning_(unrolled_loop_warning(graph)) {
  for (std::size_t i = 0; i < graph_.inputs.size(); ++i)
    inputs_.push_back(kernels::Buffer::zeroed(input_spec(i).bytes()));
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i)
    outputs_.push_back(kernels::Buffer::zeroed(output_spec(i).bytes()));
  plan();
}

void Program::plan() {
  threads_ = kernels::threads();
  const Lasting parts = split_lasting(graph_);
  once_ = make_schedule(request_of(parts.once, set_));
  ScheduleRequest request = request_of(parts.each, set_);
  request.all_or_nothing = true;
  request.first_lasting_input = graph_.inputs.size();
  request.most_packed_rows = few_rows;
  schedule_ = make_schedule(request);

  once_arena_ = kernels::Buffer(once_.arena_bytes);
  once_.place(once_arena_.data());
  arena_ = kernels::Buffer(schedule_.arena_bytes);
  schedule_.place(arena_.data());
  lasting_.clear();
  for (std::size_t i = 0; i < inputs_.size(); ++i) schedule_.at[schedule_.inputs[i]] = inputs_[i].data();
  for (std::size_t i = 0; i < once_.outputs.size(); ++i) {
    lasting_.emplace_back(once_.values[once_.outputs[i]].spec.bytes());
    once_.at[once_.outputs[i]] = schedule_.at[schedule_.inputs[inputs_.size() + i]] = lasting_.back().data();
  }
  for (std::size_t i = 0; i < parts.read.size(); ++i) {
    schedule_.at[schedule_.inputs[inputs_.size() + once_.outputs.size() + i]] =
        static_cast<std::byte*>(parts.read[i].slot()->value.data());
  }
  for (const Schedule::Pack& pack : schedule_.packs) {
    lasting_.emplace_back(schedule_.values[pack.packed].spec.bytes());
    schedule_.at[pack.packed] = lasting_.back().data();
  }
  for (std::size_t i = 0; i < outputs_.size(); ++i) schedule_.at[schedule_.outputs[i]] = outputs_[i].data();
  once_.follow_bound();
  schedule_.follow_bound();
  schedule_.bind();
  watched_.clear();
  for (const Variable& variable : parts.watched) watched_.push_back({variable, 0});
  lasting_is_made_ = false;
}

/// Makes again what was made of Variables that have changed since.
void Program::refresh_lasting() {
  bool current = lasting_is_made_;
  for (const Watched& w : watched_) current = current && w.version == w.variable.slot()->version;
  if (current) return;
  lasting_is_made_ = false;
  for (Watched& w : watched_) w.version = w.variable.slot()->version;
  once_.run();
  for (const Schedule::Pack& pack : schedule_.packs) {
    const std::size_t source = schedule_.inputs[pack.input];
    pack_operand(pack.transpose, pack.inner, pack.columns, schedule_.values[source], schedule_.at[source],
                 schedule_.at[pack.packed]);
  }
  lasting_is_made_ = true;
}

void Program::compute() {
  if (threads_ != kernels::threads()) plan();
  refresh_lasting();
  schedule_.run();
  for (const Graph::Write& write : graph_.writes) ++write.variable.slot()->version;
}

void Program::run() {
  const Running running(running_);
  compute();
}

void Program::check_arguments(const Tensors& arguments, Location where) const {
  if (arguments.size() != inputs_.size()) {
    throw Error(fmt::format("[program] one argument per input: the program has {}, got {}", inputs_.size(),
                            arguments.size()),
                where);
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].spec() != input_spec(i)) {
      throw ShapeError(
          fmt::format("[program] argument {} must have the spec it was compiled for: the program takes {}, "
                      "got {}",
                      i, input_spec(i).text(), arguments[i].spec().text()),
          where);
    }
  }
}

Tensors Program::run(const Tensors& arguments, Location where) {
  check_arguments(arguments, where);
  const Running running(running_);
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const Array value = evaluate(arguments[i], where).value();
    if (value.bytes() > 0) std::memcpy(inputs_[i].data(), value.data(), value.bytes());
  }
  compute();
  Tensors results;
  for (std::size_t i = 0; i < outputs_.size(); ++i) {
    Array value(output_spec(i));
    if (value.bytes() > 0) std::memcpy(value.data(), outputs_[i].data(), value.bytes());
    results.emplace_back(std::move(value));
  }
  return results;
}

Profile Program::profile() {
  const Running running(running_);
  if (threads_ != kernels::threads()) plan();
  schedule_.set_profiling(true);
  const auto before = std::chrono::steady_clock::now();
  compute();
  Profile profile;
  profile.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count();
  schedule_.add_lines(profile, 0, 1);
  schedule_.set_profiling(false);
  return profile;
}

std::string Program::print() const {
  const std::string once =
      once_.kernels.empty() ? ""
                            : "when a Variable it reads has changed:\n" + once_.text("  ") + "every run:\n";
  const std::string warning = warning_.empty() ? "" : "warning: " + warning_ + "\n";
  return fmt::format("program: {} inputs, {} outputs, {} Variables written, arena of {} bytes\n{}{}{}",
                     inputs_.size(), outputs_.size(), graph_.writes.size(), schedule_.arena_bytes, warning,
                     once, schedule_.text("  "));
}

}  // namespace sluice

#include <sluice/compile/lasting.h>
#include <sluice/compile/product_kernel.h>
#include <sluice/compile/program.h>
#include <sluice/compile/repeats.h>
#include <sluice/graph/evaluate.h>
#include <sluice/graph/leaf.h>
#include <sluice/graph/walk.h>
#include <sluice/kernels/memory_limit.h>
#include <sluice/kernels/threads.h>

#include <fmt/format.h>

#include <chrono>
#include <cstring>

namespace sluice {

namespace {

constexpr Index most_packed_rows = 64;

ScheduleRequest request_of(const Graph& graph, const PassSet& passes) {
  ScheduleRequest request;
  request.lowering = {passes.has("windows"), passes.has("fuse"), passes.has("pack"), passes.has("rows"),
                      passes.has("reuse")};
  request.inputs = graph.inputs;
  request.outputs = graph.outputs;
  for (const Graph::Write& write : graph.writes) {
    // A leaf stands for the Variable's memory, even if it is not read.
    request.updates.push_back({write.value, write.before});
  }
  return request;
}

struct VariablesUsed {
  std::vector<std::shared_ptr<detail::Slot>> read;
  std::vector<std::shared_ptr<detail::Slot>> written;
};

VariablesUsed variables_used(const Graph& graph) {
  VariablesUsed used;
  for (const Node* node : topological_order(graph.results())) {
    if (const Variable variable = variable_read_by(*node); variable.defined())
      used.read.push_back(variable.slot());
  }
  for (const Graph::Write& write : graph.writes) used.written.push_back(write.variable.slot());
  return used;
}

std::size_t in_range(std::size_t i, std::size_t count, std::string_view what, Location where) {
  if (i < count) return i;
  throw Error(fmt::format("[program] {}s count from 0: got {} of {}; see {}_count", what, i, count, what),
              where);
}

/// Marks a Program as running for the duration of a run, however it ends.
class Running {
 public:
  Running(std::atomic<bool>& flag, Location where) : flag_(flag) {
    if (flag_.exchange(true, std::memory_order_acquire)) {
      throw Error(
          "[program] one run at a time: got a call during another run; compile the function once per thread",
          where);
    }
  }
  ~Running() { flag_.store(false, std::memory_order_release); }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

 private:
  std::atomic<bool>& flag_;
};

}  // namespace

Program::Program(const Graph& graph, const PassSet& passes, Location where)
    : made_(detail::Call::user_of(where)),
      traced_(graph),
      graph_(optimize(graph, passes, &passes_)),
      set_(passes),
      warning_(unrolled_loop_warning(graph)) {
  const detail::Call call("program", made_);
  const auto memory_for = [](const Spec& spec) {
    kernels::require_memory(spec.bytes(), "a tensor " + spec.text());
    return kernels::Buffer::zeroed(spec.bytes());
  };
  for (std::size_t i = 0; i < graph_.inputs.size(); ++i) inputs_.push_back(memory_for(input_spec(i)));
  for (std::size_t i = 0; i < graph_.outputs.size(); ++i) outputs_.push_back(memory_for(output_spec(i)));
  const VariablesUsed used = variables_used(graph_);
  gate_.emplace(used.read, used.written);
  const std::lock_guard lock(*gate_);
  plan();
}

Program::Program(const Graph& graph, const PassSet& passes, Ready, Location where)
    : Program(graph, passes, where) {
  get_ready();
}

void Program::get_ready() {
  const std::lock_guard lock(*gate_);
  refresh_lasting();
  // The system provides a page of memory when it is first written.
  constexpr std::size_t page = 4096;
  for (kernels::Buffer* memory : {&once_arena_, &arena_}) {
    for (std::size_t i = 0; i < memory->size(); i += page) {
      volatile std::byte& first = memory->data()[i];
      first = first;
    }
  }
  kernels::parallel_for(2, 1, [](Index, Index) {});  // starts the threads
}

void Program::plan() {
  const detail::Call call("program", made_);
  threads_ = kernels::threads();
  const Lasting parts = split_lasting(graph_);
  once_ = make_schedule(request_of(parts.once, set_));
  ScheduleRequest request = request_of(parts.each, set_);
  request.all_or_nothing = true;
  request.first_lasting_input = graph_.inputs.size();
  request.most_packed_rows = most_packed_rows;
  schedule_ = make_schedule(request);

  require_memory();
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

/// Called before anything is allocated, when it is known what takes most memory.
void Program::require_memory() const {
  const std::size_t bytes = once_.arena_bytes + schedule_.arena_bytes;
  constexpr std::size_t large = std::size_t{1} << 20;
  if (bytes < large) return;
  const std::vector<MemoryUse> uses =
      (schedule_.arena_bytes > once_.arena_bytes ? schedule_ : once_).memory();
  kernels::require_memory(bytes, fmt::format("a compiled function, whose largest value is {}, {},",
                                             uses.front().spec.text(), uses.front().name));
}

/// Recomputes cached values of Variables that have changed.
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
  const std::lock_guard lock(*gate_);
  if (threads_ != kernels::threads()) plan();
  for (const Graph::Write& write : graph_.writes) write.variable.slot()->keep_readings();
  refresh_lasting();
  schedule_.run();
  for (const Graph::Write& write : graph_.writes) write.variable.slot()->changed();
}

const Spec& Program::input_spec(std::size_t i, Location where) const {
  return graph_.inputs[in_range(i, graph_.inputs.size(), "input", where)].spec();
}

const Spec& Program::output_spec(std::size_t i, Location where) const {
  return graph_.outputs[in_range(i, graph_.outputs.size(), "output", where)].spec();
}

void Program::require_dtype(const Spec& spec, DType dtype, std::string_view what, std::size_t i,
                            Location where) {
  if (spec.dtype == dtype) return;
  throw ShapeError(
      fmt::format("[program] {} {} is read and written as its dtype: got {} for {}; ask for a span "
                  "of the type that {} holds",
                  what, i, name_of(dtype), spec.text(), name_of(spec.dtype)),
      where);
}

void* Program::input(std::size_t i, Location where) {
  return inputs_[in_range(i, inputs_.size(), "input", where)].data();
}

const void* Program::output(std::size_t i, Location where) const {
  return outputs_[in_range(i, outputs_.size(), "output", where)].data();
}

std::size_t Program::bytes() const {
  std::size_t bytes = once_arena_.size() + arena_.size();
  for (const auto* buffers : {&inputs_, &outputs_, &lasting_}) {
    for (const kernels::Buffer& buffer : *buffers) bytes += buffer.size();
  }
  return bytes;
}

void Program::run() {
  const Running running(running_, made_);
  compute();
}

void Program::check_arguments(const Tensors& arguments, Location where) const {
  if (arguments.size() != inputs_.size()) {
    throw Error(fmt::format("[program] one argument per input: got {} for {} inputs; pass all of them",
                            arguments.size(), inputs_.size()),
                where);
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].spec() != input_spec(i)) {
      throw ShapeError(
          fmt::format("[program] argument {} must have the spec it was compiled for: got {} for {}; cast or "
                      "reshape it, or compile anew",
                      i, arguments[i].spec().text(), input_spec(i).text()),
          where);
    }
  }
}

Tensors Program::run(const Tensors& arguments, Location where) {
  check_arguments(arguments, where);
  const Running running(running_, where);
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
  const Running running(running_, made_);
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

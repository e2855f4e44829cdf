#include <sluice/compile/arena.h>
#include <sluice/compile/schedule_builder.h>

#include <algorithm>

namespace sluice {

namespace {

class MemoryPlan {
 public:
  explicit MemoryPlan(Schedule& schedule) : schedule_(schedule), lives_(schedule.values.size()) {
    for (std::size_t i = 0; i < schedule.kernels.size(); ++i) {
      const Kernel& kernel = *schedule.kernels[i];
      for (std::size_t value : kernel.reads) life(value).read(i);
      for (std::size_t value : kernel.writes) {
        if (value != Value::none) life(value).written(i);
      }
      for (std::size_t value : kernel.temporaries) life(value).written(i);
    }
    for (const Schedule::Copy& update : schedule.updates) life(update.from).read(schedule.kernels.size());
  }

  /// Computes an update in the memory of its target, without a copy, if the target is not read afterwards.
  void update_in_place(bool all_or_nothing) {
    std::size_t safe = 0;  // from this kernel on nothing can fail
    for (std::size_t i = 0; all_or_nothing && i < schedule_.kernels.size(); ++i) {
      if (schedule_.kernels[i]->may_throw()) safe = i + 1;
    }
    std::vector<Schedule::Copy> copies;
    for (const Schedule::Copy& update : schedule_.updates) {
      Value& value = schedule_.values[update.from];
      const Life& made = lives_[update.from];
      if (value.home == Value::Home::arena && made.writers == 1 && made.first >= safe &&
          (!life(update.to).is_read || life(update.to).last_read < made.first ||
           may_overwrite(made.first, update.to, update.from))) {
        value.home = Value::Home::bound;
        schedule_.in_place.push_back(update);
      } else {
        copies.push_back(update);
      }
    }
    schedule_.updates = std::move(copies);
  }

  void place() {
    std::vector<std::vector<std::size_t>> begins(schedule_.kernels.size());
    std::vector<std::vector<std::size_t>> ends(schedule_.kernels.size());
    for (std::size_t value = 0; value < schedule_.values.size(); ++value) {
      if (schedule_.values[value].home != Value::Home::arena || lives_[value].writers == 0) continue;
      begins[lives_[value].first].push_back(value);
      if (lives_[value].last < ends.size()) ends[lives_[value].last].push_back(value);
    }
    ArenaPlanner arena;
    std::vector<bool> handed_on(schedule_.values.size(), false);
    for (std::size_t i = 0; i < schedule_.kernels.size(); ++i) {
      for (std::size_t value : begins[i]) {
        Value& v = schedule_.values[value];
        if (const std::size_t input = overwritten(i, value, handed_on); input != Value::none) {
          v.offset = schedule_.values[input].offset;
          handed_on[input] = true;
        } else {
          v.offset = arena.allocate(v.spec.bytes());
        }
      }
      for (std::size_t value : ends[i]) {
        if (!handed_on[value])
          arena.release(schedule_.values[value].offset, schedule_.values[value].spec.bytes());
      }
    }
    schedule_.arena_bytes = arena.size();
  }

 private:
  /// Lifetime of memory. Uses of a part are uses of its whole.
  struct Life {
    std::size_t first = 0;
    std::size_t last = 0;
    std::size_t last_read = 0;
    std::size_t writers = 0;
    bool is_read = false;

    void read(std::size_t kernel) {
      last_read = std::max(last_read, kernel);
      last = std::max(last, kernel);
      is_read = true;
    }
    void written(std::size_t kernel) {
      if (writers++ == 0) first = kernel;
      last = std::max(last, kernel);
    }
  };

  std::size_t root(std::size_t value) const {
    const Value& v = schedule_.values[value];
    return v.home == Value::Home::part ? v.whole : value;
  }
  Life& life(std::size_t value) { return lives_[root(value)]; }

  /// Whether the kernel, the last one to read a value, may write another in its place. Not if it also reads a
  /// part of it, which has another layout.
  bool may_overwrite(std::size_t kernel, std::size_t read, std::size_t written) {
    const Kernel& k = *schedule_.kernels[kernel];
    if (life(read).last_read != kernel || root(read) != read) return false;
    if (std::find(k.reads.begin(), k.reads.end(), read) == k.reads.end()) return false;
    const bool parts = std::any_of(k.reads.begin(), k.reads.end(),
                                   [&](std::size_t other) { return other != read && root(other) == read; });
    return !parts && schedule_.values[read].spec == schedule_.values[written].spec &&
           k.may_overwrite(read, written);
  }

  /// The input whose memory a kernel may compute an output in, or none.
  std::size_t overwritten(std::size_t kernel, std::size_t written, const std::vector<bool>& handed_on) {
    const Kernel& k = *schedule_.kernels[kernel];
    if (std::find(k.writes.begin(), k.writes.end(), written) == k.writes.end()) return Value::none;
    for (std::size_t read : k.reads) {
      const bool dies = schedule_.values[read].home == Value::Home::arena && lives_[read].last == kernel;
      if (dies && !handed_on[read] && may_overwrite(kernel, read, written)) return read;
    }
    return Value::none;
  }

  Schedule& schedule_;
  std::vector<Life> lives_;
};

}  // namespace

void plan_memory(Schedule& schedule, bool all_or_nothing) {
  MemoryPlan plan(schedule);
  plan.update_in_place(all_or_nothing);
  plan.place();
}

}  // namespace sluice

#include <sluice/graph/loop_step.h>

#include <fmt/format.h>

#include <algorithm>

namespace sluice::detail {

namespace {
thread_local constinit const LoopStep* innermost_step = nullptr;
}

LoopStep::LoopStep(Location where, const StepCount& count, const LoopStep* outer)
    : where_(where), count_(count), outer_(outer), before_(innermost_step) {
  innermost_step = this;
}

LoopStep::~LoopStep() { innermost_step = before_; }

const LoopStep* LoopStep::innermost() { return innermost_step; }

std::vector<LoopPlace> LoopStep::places() {
  return innermost_step == nullptr ? std::vector<LoopPlace>() : innermost_step->surrounding();
}

std::vector<LoopPlace> LoopStep::surrounding() const {
  std::vector<LoopPlace> places;
  for (const LoopStep* loop = this; loop != nullptr; loop = loop->outer_) {
    if (loop->count_.hidden) continue;
    const LoopStep* outer = loop->outer_;
    const Index before = outer != nullptr && outer->count_.hidden ? outer->time_ * outer->count_.each : 0;
    places.push_back({loop->count_.first + before + loop->time_, loop->where_});
  }
  std::reverse(places.begin(), places.end());
  return places;
}

void LoopStep::tell(Error& error) const {
  if (told_) return;
  for (const LoopStep* loop = this; loop != nullptr; loop = loop->outer_) loop->told_ = true;
  const std::vector<LoopPlace> places = surrounding();
  if (!places.empty()) error.add("; in " + text_of(places));
}

std::string text_of(const std::vector<LoopPlace>& places) {
  std::string text;
  for (const LoopPlace& place : places) {
    text += fmt::format("{}step {} of the scan{}", text.empty() ? "" : ", ", place.step,
                        place.where.of_user() ? fmt::format(" ({})", place.where.text()) : "");
  }
  return text;
}

}  // namespace sluice::detail

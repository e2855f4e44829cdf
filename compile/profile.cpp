#include <sluice/compile/profile.h>

#include <fmt/format.h>

namespace sluice {

std::string Profile::text() const {
  std::string text = fmt::format("{:>6} {:>10} {:>8} {:>9}  kernel\n", "share", "ms", "calls", "GFLOP/s");
  for (const Line& line : lines) {
    text += fmt::format(
        "{:>5.1f}% {:>10.3f} {:>8} {:>9}  {}{}\n", 100 * line.seconds / seconds, line.seconds * 1e3,
        line.calls,
        line.flops > 0 && line.seconds > 0 ? fmt::format("{:.1f}", line.flops / line.seconds * 1e-9) : "",
        std::string(static_cast<std::size_t>(2 * line.depth), ' '), line.kernel);
  }
  return text + fmt::format("{:>6} {:>10.3f} {:>8} {:>9}  the run\n", "", seconds * 1e3, 1, "");
}

}  // namespace sluice

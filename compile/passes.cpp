#include <sluice/compile/pass.h>
#include <sluice/compile/passes.h>

#include <array>

namespace sluice {

std::span<const Pass> graph_passes() {
  static constexpr std::array list{
      Pass{"scan_form", "keep of every scan what is used, as carries and ys", passes::scan_form},
  };
  return list;
}

std::span<const std::string_view> lowering_switches() {
  static constexpr std::array<std::string_view, 4> list{"windows", "fuse", "pack", "rows"};
  return list;
}

}  // namespace sluice

#include <sluice/compile/pass.h>
#include <sluice/compile/passes.h>

#include <array>

namespace sluice {

std::span<const Pass> graph_passes() {
  static constexpr std::array list{
      Pass{"scan_form", "keep of every scan what is used, as carries and ys", passes::scan_form},
      Pass{"simplify", "drop what cancels, compute constants, sum once", passes::simplify},
      Pass{"share", "compute once what is computed twice", passes::share},
      Pass{"split_concats", "take products of joined operands apart", passes::split_concats},
      Pass{"sink_accumulators", "do the sums that loops carry after them", passes::sink_accumulators},
      Pass{"split_scans", "do before and after loops what need not be inside", passes::split_scans},
      Pass{"split_stacks", "put together outside of loops what is only stacked", passes::split_stacks},
      Pass{"scan_form", "again, for the loops that are left", passes::scan_form},
      Pass{"simplify", "again", passes::simplify},
      Pass{"split_concats", "again, for products that have left loops", passes::split_concats},
      Pass{"share", "again", passes::share},
      Pass{"merge_matmuls", "make few large products of many small ones, in loops", passes::merge_in_loops},
      Pass{"split_scans", "again, for weights put together in loops", passes::split_scans},
      Pass{"simplify", "again, for what merging has left", passes::simplify},
      Pass{"share", "again", passes::share},
      Pass{"join_stacks", "let parts side by side leave loops as one", passes::join_stacks},
      Pass{"simplify", "again, for what joining has left", passes::simplify},
      Pass{"share", "again", passes::share},
      Pass{"merge_matmuls", "the same everywhere", passes::merge_matmuls},
      Pass{"simplify", "again, for what merging has left", passes::simplify},
      Pass{"join_stacks", "again, for parts that enter loops", passes::join_stacks},
      Pass{"join_parts", "do once to the whole what is done alike to all parts", passes::join_parts},
      Pass{"gather_matmul", "multiply a table before its rows are taken", passes::gather_matmul},
      Pass{"join_addends", "add to a whole product what is added to its parts", passes::join_addends},
      Pass{"split_scans", "again, for what is added to products in loops", passes::split_scans},
      Pass{"simplify", "again, for what joining has left", passes::simplify},
      Pass{"share", "again", passes::share},
      Pass{"chunk_rows", "compute large values some rows at a time", passes::chunk_rows},
      Pass{"add_to_products", "begin products with what is added to them", passes::add_to_products},
  };
  return list;
}

std::span<const std::string_view> lowering_switches() {
  static constexpr std::array<std::string_view, 5> list{"windows", "fuse", "pack", "rows", "reuse"};
  return list;
}

}  // namespace sluice

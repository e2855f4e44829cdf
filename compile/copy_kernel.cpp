#include <sluice/compile/copy_kernel.h>
#include <sluice/kernels/threads.h>

#include <algorithm>
#include <cstring>

namespace sluice {

namespace {
constexpr Index bytes_worth_a_thread = Index{1} << 17;
}

void copy_value(std::byte* to, const Value& to_value, const std::byte* from, const Value& from_value) {
  const auto bytes = static_cast<Index>(from_value.spec.bytes());
  if (bytes == 0 || to == from) return;
  const bool dense = to_value.dense() && from_value.dense();
  if (dense && bytes <= bytes_worth_a_thread) {
    std::memcpy(to, from, static_cast<std::size_t>(bytes));
    return;
  }
  const Index element = static_cast<Index>(size_of(from_value.spec.dtype));
  const Index rows = dense ? (bytes + bytes_worth_a_thread - 1) / bytes_worth_a_thread : from_value.rows();
  if (dense) {
    kernels::parallel_for(rows, 1, [&](Index piece, Index) {
      const Index begin = piece * bytes_worth_a_thread;
      std::memcpy(to + begin, from + begin,
                  static_cast<std::size_t>(std::min(bytes_worth_a_thread, bytes - begin)));
    });
    return;
  }
  const Index row = from_value.columns() * element;
  kernels::parallel_for(rows, std::max<Index>(1, bytes_worth_a_thread / row), [&](Index begin, Index end) {
    for (Index r = begin; r < end; ++r) {
      std::memcpy(to + r * to_value.row_stride * element, from + r * from_value.row_stride * element,
                  static_cast<std::size_t>(row));
    }
  });
}

CopyKernel::CopyKernel(std::size_t from, const Value& from_value, std::size_t to, const Value& to_value)
    : from_(from_value), to_(to_value) {
  reads = {from};
  writes = {to};
}

void CopyKernel::run(const Addresses& at) { copy_value(at[writes[0]], to_, at[reads[0]], from_); }

}  // namespace sluice

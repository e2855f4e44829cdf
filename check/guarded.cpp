#include <sluice/check/guarded.h>
#include <sluice/graph/error.h>

#include <fmt/format.h>

#include <sys/mman.h>
#include <unistd.h>

namespace sluice::detail {

Guarded::Guarded(std::size_t bytes, Guard guard) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t inside = (bytes + page - 1) / page * page;
  block_bytes_ = inside + 2 * page;
  block_ = mmap(nullptr, block_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto* start = static_cast<std::byte*>(block_);
  const auto guarded = [&](std::byte* at) { return mprotect(at, page, PROT_NONE) == 0; };
  const bool made = block_ != MAP_FAILED && (guard != Guard::before || guarded(start)) &&
                    (guard != Guard::behind || guarded(start + page + inside));
  if (!made) {
    throw Error(fmt::format(
        "[check_op] there must be memory for {} bytes beside a guarded page: got none; use smaller inputs",
        bytes));
  }
  data_ = start + page + (guard == Guard::behind ? inside - bytes : 0);
}

Guarded::~Guarded() { munmap(block_, block_bytes_); }

}  // namespace sluice::detail

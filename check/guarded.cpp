#include <sluice/check/guarded.h>
#include <sluice/graph/error.h>

#include <fmt/format.h>

#include <sys/mman.h>
#include <unistd.h>

namespace sluice::detail {

Guarded::Guarded(std::size_t bytes, Guard guard) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t inside = (bytes + page - 1) / page * page;
  block_bytes_ = inside + page;
  block_ = mmap(nullptr, block_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (block_ == MAP_FAILED) {
    throw Error(fmt::format(
        "[check_op] there must be memory for {} bytes beside a guarded page: got none; use smaller inputs",
        bytes));
  }
  auto* start = static_cast<std::byte*>(block_);
  mprotect(guard == Guard::before ? start : start + inside, page, PROT_NONE);
  data_ = guard == Guard::before ? start + page : start + (inside - bytes);
}

Guarded::~Guarded() { munmap(block_, block_bytes_); }

}  // namespace sluice::detail

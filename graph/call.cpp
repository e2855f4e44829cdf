#include <sluice/graph/call.h>

#include <string_view>

namespace sluice::detail {

namespace {
thread_local constinit Location under_way;
}

Call::Call(const char* caller, Location where) : before_(under_way) {
  if (!where.of_user()) return;
  if (where.caller == nullptr) where.caller = caller;
  under_way = where;
}

Call::~Call() { under_way = before_; }

Location Call::user_of(Location where) {
  const bool same_line = where.line == under_way.line && where.file != nullptr && under_way.file != nullptr &&
                         std::string_view(where.file) == under_way.file;
  return where.of_user() && (where.caller != nullptr || !same_line) ? where : under_way;
}

}  // namespace sluice::detail

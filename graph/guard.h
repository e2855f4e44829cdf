#pragma once

#include <sluice/graph/op.h>

#include <exception>
#include <new>

namespace sluice::detail {

/// Throws what `exception` becomes: an Error that names the op, the function of it that threw, and the text.
[[noreturn]] void throw_foreign(const Op& op, const char* function, const std::exception& exception,
                                Location where);

/// The result of f, which calls `function` (a literal) of the op. An exception that is no Error, such as
/// std::out_of_range in the code of the op's author, becomes one; std::bad_alloc stays what it is.
template <class F>
decltype(auto) guarded(const Op& op, const char* function, Location where, F&& f) {
  try {
    return f();
  } catch (const Error&) {
    throw;
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& exception) {
    throw_foreign(op, function, exception, where);
  }
}

}  // namespace sluice::detail

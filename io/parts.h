#pragma once

#include <sluice/graph/call.h>
#include <sluice/graph/members.h>
#include <sluice/graph/variable.h>

#include <initializer_list>
#include <string_view>
#include <utility>

namespace sluice::io {

/// A part of a training under a name: anything that Members takes, such as a module, an optimiser, a Plateau,
/// a carried state, a Variable alone (a random key), a struct that lists its members, or a list of these.
struct Part {
  template <Member T>
  Part(std::string_view name, const T& part, Location where = Location::current()) {
    Members{variables}(name, part, where);
  }

  NamedVariables variables;
};

/// What is saved and restored together. One list does both, and is the whole training:
///
///     io::save("model.ckpt", {{"model", model}, {"adam", adam}, {"key", key}});
///     io::load("model.ckpt", {{"model", model}, {"adam", adam}, {"key", key}});
///
/// Names are joined by dots: "model.rnn.0.forget.weight", "adam.step", "key". A Variable that occurs again is
/// skipped: it keeps its first name. Holds the Variables that the parts have when it is made.
class Parts {
 public:
  /// Throws Error for an empty name, a name used twice, and a Variable without a value.
  Parts(std::initializer_list<Part> parts, Location where = Location::current());
  /// One module, or one struct that lists its members: names begin with theirs.
  template <HasVariables T>
  Parts(const T& whole, Location where = Location::current()) {
    const sluice::detail::Call call("parts", where);
    if constexpr (ListsMembers<T>) {
      whole.members(Members(variables_));
    } else {
      variables_ = whole.variables();
    }
  }
  /// The names as they are given.
  Parts(NamedVariables variables) : variables_(std::move(variables)) {}

  const NamedVariables& variables() const { return variables_; }

 private:
  NamedVariables variables_;
};

}  // namespace sluice::io

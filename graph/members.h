#pragma once

#include <sluice/graph/call.h>
#include <sluice/graph/part.h>
#include <sluice/graph/variable.h>

#include <concepts>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_set>
#include <utility>
#include <vector>

namespace sluice {

class Members;

/// A type that lists its parts by name, as modules do and a user's own struct may:
///
///     struct Run {
///       nn::LSTM rnn;
///       optim::Adam adam;
///       Variable key;
///       void members(const Members& m) const { m("rnn", rnn), m("adam", adam), m("key", key); }
///     };
template <class T>
concept ListsMembers = requires(const T& whole, const Members& m) {
  whole.members(m);
};

/// A type that has Variables: it lists members, or hands the Variables out by variables(), as optimisers do.
template <class T>
concept HasVariables = ListsMembers<T> || requires(const T& whole) {
  { whole.variables() } -> std::convertible_to<NamedVariables>;
};

/// What Members takes: a Variable, NamedVariables, a type that has Variables, and vectors of and shared
/// pointers to these.
template <class T>
concept Member = std::invocable<const Members&, std::string_view, const T&>;

namespace detail {

/// What Members tells of each member while a copy of a module is made: see nn/replacement.h.
class MemberVisitor {
 public:
  virtual ~MemberVisitor() = default;
  virtual void variable(const std::string& path, const Variable& variable) = 0;
  /// Whether parts held by pointer are to be replaced.
  virtual bool replaces_parts() const = 0;
  /// What takes the place of one, a T of this type: the copy made of it before, or the one that `copy` makes.
  virtual std::shared_ptr<void> part(const std::string& path, const void* part, std::type_index type,
                                     const std::function<std::shared_ptr<void>()>& copy) = 0;
};

}  // namespace detail

/// Collects Variables by name. Names of what is inside of a member are joined by dots: "rnn.0.forget.weight".
/// A Variable that occurs again (tied weights) is skipped: it keeps its first name.
class Members {
 public:
  /// Adds what it collects to `found`; tells the visitor, if there is one.
  explicit Members(NamedVariables& found, detail::MemberVisitor* visitor = nullptr);

  /// Throws Error for an empty name, a name used twice, and a Variable without a value.
  void operator()(std::string_view name, const Variable& variable,
                  Location where = Location::current()) const;
  void operator()(std::string_view name, const NamedVariables& variables,
                  Location where = Location::current()) const;
  /// A module, an optimiser, a struct that lists its members.
  template <HasVariables T>
  void operator()(std::string_view name, const T& whole, Location where = Location::current()) const {
    const detail::Call call("members", where);
    if constexpr (ListsMembers<T>) {
      whole.members(within(name));
    } else {
      (*this)(name, NamedVariables(whole.variables()), Location{});
    }
  }
  /// A list of these, or of pointers to them: their positions become part of the name.
  template <Member T>
  void operator()(std::string_view name, const std::vector<T>& list,
                  Location where = Location::current()) const {
    const detail::Call call("members", where);
    const Members inside = within(name);
    for (std::size_t i = 0; i < list.size(); ++i) inside(std::to_string(i), list[i], Location{});
  }
  template <Member T>
  void operator()(std::string_view name, const std::shared_ptr<T>& part,
                  Location where = Location::current()) const {
    const detail::Call call("members", where);
    if (part == nullptr) missing(name);
    // Of a copy that is being made, which is no const object.
    replace(name, const_cast<std::shared_ptr<T>&>(part), [&] { return detail::copy_of(*part); });
    (*this)(name, std::as_const(*part), Location{});
  }
  template <class T>
  void operator()(std::string_view name, const Part<T>& part, Location where = Location::current()) const {
    const detail::Call call("members", where);
    if (part == nullptr) missing(name);
    replace(name, const_cast<Part<T>&>(part).pointer_, [&] { return part.copy_(*part); });
    (*this)(name, *part, Location{});
  }

 private:
  struct Collected {
    NamedVariables& found;
    std::unordered_set<std::string> names;
    std::unordered_set<const void*> slots;
    detail::MemberVisitor* visitor;
  };
  Members(std::shared_ptr<Collected> collected, std::string prefix);
  [[noreturn]] void missing(std::string_view name) const;
  Members within(std::string_view name) const;  // the same collection, for the members of member `name`
  template <class T, class Copy>
  void replace(std::string_view name, std::shared_ptr<T>& part, const Copy& copy) const {
    if (collected_->visitor == nullptr || !collected_->visitor->replaces_parts()) return;
    part = std::static_pointer_cast<T>(
        collected_->visitor->part(prefix_ + std::string(name), part.get(), typeid(T), copy));
  }

  std::shared_ptr<Collected> collected_;
  std::string prefix_;
};

}  // namespace sluice

#pragma once

#include <sluice/graph/call.h>
#include <sluice/graph/variable.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace sluice::nn {

class Module;

/// Whether a model learns or is used. Passed explicitly to what behaves differently, such as Dropout; nothing
/// keeps it in secret.
enum class Mode { train, evaluate };

/// What a module hands its members to, each under its name. Names of nested modules are joined by dots:
/// "rnn.0.forget.weight". A Variable seen before (tied weights) is passed over: the first name is its name.
class Members {
 public:
  explicit Members(NamedVariables& found);

  /// Throws Error for an empty name, a name used twice, and a Variable without a value.
  void operator()(std::string_view name, const Variable& variable,
                  Location where = Location::current()) const;
  void operator()(std::string_view name, const Module& module, Location where = Location::current()) const;
  /// A list of Variables, modules or pointers to modules: their positions are part of the name.
  template <class T>
  void operator()(std::string_view name, const std::vector<T>& list,
                  Location where = Location::current()) const {
    const sluice::detail::Call call("members", where);
    const Members inside = within(name);
    for (std::size_t i = 0; i < list.size(); ++i) inside(std::to_string(i), list[i], Location{});
  }
  template <class T>
  void operator()(std::string_view name, const std::shared_ptr<T>& module,
                  Location where = Location::current()) const {
    const sluice::detail::Call call("members", where);
    if (module == nullptr) missing(name);
    (*this)(name, static_cast<const Module&>(*module), Location{});
  }

 private:
  struct Collected {
    NamedVariables& found;
    std::unordered_set<std::string> names;
    std::unordered_set<const void*> slots;
  };
  Members(std::shared_ptr<Collected> collected, std::string prefix);
  [[noreturn]] void missing(std::string_view name) const;
  Members within(std::string_view name) const;  // the same collection, for the members of member `name`

  std::shared_ptr<Collected> collected_;
  std::string prefix_;
};

/// A part of a model: owns Variables and other modules, and lists them in one function.
///
///     struct Gated : nn::Module {
///       nn::Linear gate, value;
///       Variable scale;
///       void members(const nn::Members& m) const override {
///         m("gate", gate), m("value", value), m("scale", scale);
///       }
///     };
///
/// Variables are handles, so a module is cheap to copy, and the copies share their Variables.
class Module {
 public:
  virtual ~Module() = default;

  /// Hands each member to `m` under its name. A name must not be empty, and not be used twice.
  virtual void members(const Members& m) const = 0;

  /// All Variables inside, by name, in the order they are listed; each slot once.
  NamedVariables variables(Location where = Location::current()) const;
  /// The number of values in them: the size of the model.
  Index count(Location where = Location::current()) const;

 protected:
  Module() = default;
  Module(const Module&) = default;
  Module(Module&&) = default;
  Module& operator=(const Module&) = default;
  Module& operator=(Module&&) = default;
};

namespace detail {

/// "[who] this module has been moved from: ...", for what is used all the same.
std::string moved_from(std::string_view who);
/// Throws it unless the Variable, which every such module has, is there.
void require_made(std::string_view who, const Variable& variable);

}  // namespace detail

/// A module and the name it goes by in a model.
struct NamedModule {
  std::string_view name;
  const Module& module;
};

/// The Variables of several modules: variables({{"embed", embed}, {"rnn", rnn}, {"head", head}}) has names
/// such as "rnn.0.forget.weight". A Variable that two modules share is listed once.
NamedVariables variables(std::initializer_list<NamedModule> modules, Location where = Location::current());

/// A module and the line that it is handed over at, for functions of any number of modules.
struct LocatedModule {
  const Module& module;
  Location where;
  // NOLINTNEXTLINE(google-explicit-constructor): a module is one
  LocatedModule(const Module& module, Location where = Location::current()) : module(module), where(where) {}
};

/// The same without names: the positions stand for them ("0.weight", "1.0.forget.weight").
template <class... Modules>
NamedVariables variables(const LocatedModule& first, const Modules&... others) {
  const sluice::detail::Call call("variables", first.where);
  NamedVariables found;
  const Members members(found);
  std::size_t position = 0;
  members(std::to_string(position++), first.module, Location{});
  (members(std::to_string(position++), static_cast<const Module&>(others), Location{}), ...);
  return found;
}

/// The Variables that a loss (or any tensor) was made from and that are not among those listed: a member
/// forgotten in members(), say, which would be neither trained nor saved. They go by what is known of them,
/// "f32[3, 3] made at model.cpp:12". Random keys and carried states that the model uses and somebody else
/// keeps are among them. Works eagerly, and while a function is traced, where a look costs nothing later.
NamedVariables unlisted(const NamedVariables& listed, const Tensor& loss,
                        Location where = Location::current());
NamedVariables unlisted(const Module& model, const Tensor& loss, Location where = Location::current());

}  // namespace sluice::nn

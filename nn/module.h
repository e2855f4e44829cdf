#pragma once

#include <sluice/graph/call.h>
#include <sluice/graph/members.h>
#include <sluice/graph/variable.h>

#include <initializer_list>
#include <string>
#include <string_view>

namespace sluice::nn {

/// Training or inference. Passed explicitly to modules that distinguish them, such as Dropout; no module
/// stores it.
enum class Mode { train, evaluate };

using sluice::Members;
using sluice::Part;

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
/// Variables are handles, so a module is cheap to copy, and copies share their Variables; nn::clone makes one
/// with Variables of its own.
class Module {
 public:
  virtual ~Module() = default;

  /// Passes each member to `m` with its name. Names must not be empty, nor used twice.
  virtual void members(const Members& m) const = 0;

  /// All Variables in the module, by name, in the order of members(); each slot once.
  NamedVariables variables(Location where = Location::current()) const;
  /// The number of parameters: the sum of the sizes of all Variables.
  Index count(Location where = Location::current()) const;

 protected:
  Module() = default;
  Module(const Module&) = default;
  Module(Module&&) = default;
  Module& operator=(const Module&) = default;
  Module& operator=(Module&&) = default;
};

namespace detail {

/// "[who] this module has been moved from: ...", for the use of a moved-from module.
std::string moved_from(std::string_view who);
/// Throws that error unless the Variable, which every module of the kind has, is defined.
void require_made(std::string_view who, const Variable& variable);

}  // namespace detail

/// A module and its name in a model.
struct NamedModule {
  std::string_view name;
  const Module& module;
};

/// The Variables of several modules: variables({{"embed", embed}, {"rnn", rnn}, {"head", head}}) has names
/// such as "rnn.0.forget.weight". A Variable shared by two modules is listed once.
NamedVariables variables(std::initializer_list<NamedModule> modules, Location where = Location::current());

/// A module and the line that passes it, for variadic functions.
struct LocatedModule {
  const Module& module;
  Location where;
  // NOLINTNEXTLINE(google-explicit-constructor): a module is one
  LocatedModule(const Module& module, Location where = Location::current()) : module(module), where(where) {}
};

/// The same without names: positions take their place ("0.weight", "1.0.forget.weight").
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

/// The Variables that a loss (or any tensor) was made from and that are not among `listed`: for example a
/// member forgotten in members(), which would be neither trained nor saved. They are named by where they were
/// made, "f32[3, 3] made at model.cpp:12". Includes random keys and carried states that the model reads but
/// does not own. Works eagerly and during tracing; a compiled function does not pay for it.
NamedVariables unlisted(const NamedVariables& listed, const Tensor& loss,
                        Location where = Location::current());
NamedVariables unlisted(const Module& model, const Tensor& loss, Location where = Location::current());

}  // namespace sluice::nn

#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace sluice {

class Members;

namespace detail {

/// A copy of a module that is a U and of no type derived from it; null for others, and if U has no copies.
template <class U>
std::shared_ptr<U> copy_of(const U& module) {
  if constexpr (std::is_copy_constructible_v<U>) {
    if (typeid(module) == typeid(U)) return std::make_shared<U>(module);
  }
  return nullptr;
}

}  // namespace detail

/// A part of a module that is held by pointer, such as a cell whose type is chosen at run time: a shared_ptr
/// that remembers the type it was made from, so that nn::clone can copy what it points to.
///
///     struct Tagger : nn::Module {
///       std::vector<nn::Part<nn::Cell>> cells;  // cells.push_back(std::make_shared<nn::GRUCell>(...))
///       void members(const nn::Members& m) const override { m("cells", cells); }
///     };
///
/// Copies of a Part share what it points to.
template <class T>
class Part {
 public:
  Part() = default;
  Part(std::nullptr_t) {}  // NOLINT(google-explicit-constructor): as a shared_ptr
  template <std::derived_from<T> U>
  Part(std::shared_ptr<U> pointer)  // NOLINT(google-explicit-constructor): a shared_ptr is one
      : pointer_(std::move(pointer)), copy_([](const T& part) -> std::shared_ptr<T> {
          return detail::copy_of(static_cast<const std::remove_const_t<U>&>(part));
        }) {}

  const T& operator*() const { return *pointer_; }
  const T* operator->() const { return pointer_.get(); }
  const T* get() const { return pointer_.get(); }
  bool operator==(std::nullptr_t) const { return pointer_ == nullptr; }

 private:
  friend class Members;
  std::shared_ptr<const T> pointer_;
  std::shared_ptr<T> (*copy_)(const T&) = nullptr;
};

}  // namespace sluice

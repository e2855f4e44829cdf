#pragma once
/// Settings in environment variables. What none of the choices is, is an Error wherever it is used: a setting
/// that is ignored without a word is taken for one that works.

#include <initializer_list>
#include <string_view>

namespace sluice::kernels::detail {

/// What the environment variable says, which must be one of `choices`; empty where it is not set or empty.
/// Throws Error that names the variable, what it was and what it may be.
std::string_view setting(const char* name, std::initializer_list<std::string_view> choices);

/// The same for a whole number from 1 to `most`; 0 where the variable is not set or empty.
int count_setting(const char* name, int most);

}  // namespace sluice::kernels::detail

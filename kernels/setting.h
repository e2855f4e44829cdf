#pragma once
/// Settings in environment variables. An invalid value is an Error at every use: a setting ignored silently
/// would be taken for one that works.

#include <initializer_list>
#include <string_view>

namespace sluice::kernels::detail {

/// The value of the environment variable, which must be one of `choices`; empty if it is unset or empty.
/// Throws Error that names the variable, its value and the choices.
std::string_view setting(const char* name, std::initializer_list<std::string_view> choices);

/// The same for an integer from 1 to `most`; 0 if the variable is unset or empty.
int count_setting(const char* name, int most);

}  // namespace sluice::kernels::detail

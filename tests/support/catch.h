#pragma once

// Catch2 2.13 (one header) and 3.x (many) under one roof: tests include this file and use what both have.
// `Approx`, which 2.13 puts into the global namespace, is there with both.

#include <string>

#if __has_include(<catch2/catch_all.hpp>)

#include <catch2/catch_all.hpp>

using Catch::Approx;

/// Matches a string, or with REQUIRE_THROWS_WITH the message of an exception, that contains `text`.
inline auto contains(const std::string& text) { return Catch::Matchers::ContainsSubstring(text); }

#else

#include <catch2/catch.hpp>

/// Matches a string, or with REQUIRE_THROWS_WITH the message of an exception, that contains `text`.
inline auto contains(const std::string& text) { return Catch::Matchers::Contains(text); }

#endif

#pragma once

#include <sluice/graph/call.h>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::text {

/// Text from files, byte for byte.
struct Corpus {
  std::string text;
  std::vector<std::filesystem::path> files;  ///< its sources, in order
  std::size_t skipped = 0;                   ///< files of a folder that were skipped: binary, or empty
};

/// Reads a file, or a folder with all folders below it.
///
/// * A file is read as it is, whatever its bytes (vocabularies of characters or words check for UTF-8 later).
/// * In a folder, text files are read in the bytewise order of their paths and joined with one newline.
///   Skipped are files that contain a zero byte or are not UTF-8, empty files, symbolic links, hidden files
///   and folders (`.*`), folders named `build*` and, if `extensions` (".cpp" or "cpp") are given, files with
///   other extensions.
///
/// Throws Error if the path is missing, is neither file nor folder or cannot be read, or if there is no text.
Corpus load_corpus(const std::filesystem::path& path, const std::vector<std::string>& extensions = {},
                   Location where = Location::current());

/// The two parts of a text; views into it.
struct Parts {
  std::string_view training;
  std::string_view validation;
};

/// Holds out the last `fraction` of the text (of its bytes, from the start of a character on). Fraction 0
/// leaves the validation part empty. Deterministic. Throws Error if the fraction is not in [0, 1), or if it
/// leaves one of the parts empty otherwise.
Parts split(std::string_view text, double fraction, Location where = Location::current());

}  // namespace sluice::text

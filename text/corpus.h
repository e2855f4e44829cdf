#pragma once

#include <sluice/graph/call.h>

#include <concepts>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::text {

/// A file that is part of a text.
struct CorpusFile {
  std::filesystem::path path;  ///< "-" for standard input
  std::size_t bytes = 0;       ///< of the text that are its
  std::string note;            ///< what was done to it, such as "gzip" (see `Converted`); empty: nothing
};

/// A file or folder that was found and left out.
struct LeftOut {
  std::filesystem::path path;
  std::string why;  ///< "binary: a zero byte at 12", "a build folder", ...
};

/// What is read, and how.
struct CorpusOptions {
  /// Takes the bytes of each file as they are, any at all. Only what is called `*.gz` and is gzip is
  /// decompressed.
  bool any_bytes = false;
  /// Of what is found in folders and by patterns, only files with these extensions (".cpp" or "cpp"; that of
  /// "a.cpp.gz" is that of "a.cpp", too); none: all.
  std::vector<std::string> extensions = {};
  /// For each file that is found in a folder or by a pattern and could be used: a reason to leave it out, or
  /// an empty text. A program knows its own logs and models so. `content` is the file's part of the text.
  std::function<std::string(const std::filesystem::path& path, std::string_view content)> leave_out = {};
};

/// A text, and where it is from.
struct Corpus {
  std::string text;
  std::vector<CorpusFile> files;  ///< in the order of the text
  std::vector<LeftOut> left_out;
};

/// Reads a text from one or several sources. Each is
///
/// * a file (or a named pipe), of UTF-8 or of what `convert_to_utf8` makes UTF-8 of;
/// * a folder: all files below it, in the bytewise order of their paths;
/// * a pattern of glob(3) (`*`, `?`, `[...]`), if no file has that very name: the files and folders it fits,
///   in the bytewise order of their paths;
/// * "-": standard input (file descriptor 0) to its end.
///
/// Files are joined with one newline, whether or not they end with one. A file that is reached twice, by a
/// hard link too, is read once.
///
/// What is found in a folder or by a pattern and cannot be used is left out and named: what is no text ("not
/// UTF-8: line 3, byte 57 (0x92)", "empty", ...) or cannot be read, symbolic links, hidden files and folders
/// (`.*`, but where a pattern says the dot), folders of builds (called `build`, `build-*`, `build_*` or
/// `cmake-build*`), what is neither file nor folder, and a source in which there is no file to name.
/// Files with other extensions than those wanted are not named.
///
/// Throws Error if a source is not there, if a file that is itself a source cannot be used, with the same
/// reasons, or if there is no text at all.
Corpus load_corpus(const std::vector<std::string>& sources, const CorpusOptions& options = {},
                   Location where = Location::current());

/// Of one source. (A template, so that a list in braces is always one of sources.)
template <std::convertible_to<std::filesystem::path> Source>
Corpus load_corpus(const Source& source, const CorpusOptions& options = {},
                   Location where = Location::current()) {
  return load_corpus(std::vector<std::string>{std::filesystem::path(source).string()}, options, where);
}

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

#pragma once

#include <filesystem>
#include <string>
#include <string_view>

/// Texts and files as people bring them, for tests and fuzz targets.
namespace inputs {

/// A folder of its own for one test, removed behind it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  /// Writes a file, and the folders that it is in.
  std::filesystem::path write(const std::string& name, std::string_view bytes) const;
  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Sentences, one a line, the same ones for the same seed.
std::string story(int sentences, unsigned seed = 7);

/// A file of gzip with one member.
std::string gzipped(std::string_view bytes);

/// UTF-8 in UTF-16.
std::string utf16(std::string_view text, bool little_end_first, bool marked);

/// Replaces each occurrence.
std::string replaced(std::string text, std::string_view what, std::string_view by);

}  // namespace inputs

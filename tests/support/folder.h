#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sluice::test {

/// A folder for one test, removed at its end with all that is in it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name) const { return (path / name).string(); }
  /// Writes a file; its path.
  std::string with(const std::string& name, const std::string& bytes) const;
  std::vector<std::string> names() const;  ///< of all files in it, sorted

  const std::filesystem::path path;
};

std::string read_bytes(const std::string& path);
void write_bytes(const std::string& path, const std::string& bytes);

}  // namespace sluice::test

#pragma once

#include <sys/types.h>
#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace examples {

using Arguments = std::vector<std::string>;

/// A folder for one test, removed at its end with all that is in it.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string file(const std::string& name) const { return (path_ / name).string(); }
  /// Writes a file and returns its path.
  std::string file(const std::string& name, const std::string& content) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::string& path);

/// How a program ended.
struct Ended {
  int code = -1;   ///< exit code; -1 where a signal ended it
  int signal = 0;  ///< that signal
  std::string out;
  std::string err;
};

/// A program that runs.
class Process {
 public:
  /// Starts build/<preset>/bin/lm, or another `program` there, with these arguments. It may write files of at
  /// most `file_limit` bytes; 0: any.
  explicit Process(const Arguments& arguments, std::size_t file_limit = 0, const std::string& program = "lm");
  ~Process();  ///< kills it, unless it has been waited for
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t id() const { return id_; }
  bool running();
  void send(int signal) const;
  /// Its output so far.
  std::string out() const { return read_file(folder_.file("out")); }
  Ended wait();

 private:
  Folder folder_;
  pid_t id_;
  int status_ = 0;
  bool ended_ = false;
};

/// Runs a program to its end.
Ended run(const std::string& program, const Arguments& arguments);
/// Runs lm to its end.
Ended lm(const Arguments& arguments, std::size_t file_limit = 0);

/// Both lists, one behind the other.
Arguments joined(Arguments first, const Arguments& second);

/// Whether `done()` comes true before the program ends or a minute is over.
template <class F>
bool wait_until(Process& process, F&& done) {
  for (int i = 0; i < 60000 && process.running(); ++i) {
    if (done()) return true;
    usleep(1000);
  }
  return false;
}

}  // namespace examples

#include "process.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <atomic>
#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace examples {
namespace {

namespace fs = std::filesystem;

std::string unique_name() {
  static std::atomic<int> count = 0;
  return "sluice_examples_" + std::to_string(getpid()) + "_" + std::to_string(count++);
}

/// In the child: output to files, a limit on their size, and the program.
[[noreturn]] void become(const std::string& program, const Arguments& arguments, const std::string& out,
                         const std::string& err, std::size_t file_limit) {
  dup2(open(out.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDOUT_FILENO);
  dup2(open(err.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), STDERR_FILENO);
  if (file_limit > 0) {
    const rlimit limit{file_limit, file_limit};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  std::vector<char*> argv{const_cast<char*>(program.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(program.c_str(), argv.data());
  _exit(127);
}

}  // namespace

Folder::Folder() : path_(fs::temp_directory_path() / unique_name()) { fs::create_directories(path_); }

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

std::string Folder::file(const std::string& name, const std::string& content) const {
  std::ofstream(file(name), std::ios::binary) << content;
  return file(name);
}

std::string read_file(const std::string& path) {
  std::ostringstream content;
  content << std::ifstream(path, std::ios::binary).rdbuf();
  return content.str();
}

Process::Process(const Arguments& arguments, std::size_t file_limit, const std::string& program) {
  const std::string path = std::string(SLUICE_BIN_DIR) + "/" + program;
  const std::string out = folder_.file("out");
  const std::string err = folder_.file("err");
  id_ = fork();
  if (id_ < 0) throw std::runtime_error("cannot fork");
  if (id_ == 0) become(path, arguments, out, err, file_limit);
}

Process::~Process() {
  if (ended_) return;
  send(SIGKILL);
  wait();
}

bool Process::running() {
  if (!ended_ && waitpid(id_, &status_, WNOHANG) == id_) ended_ = true;
  return !ended_;
}

void Process::send(int signal) const { kill(id_, signal); }

Ended Process::wait() {
  if (!ended_) waitpid(id_, &status_, 0);
  ended_ = true;
  return {WIFEXITED(status_) ? WEXITSTATUS(status_) : -1, WIFSIGNALED(status_) ? WTERMSIG(status_) : 0, out(),
          read_file(folder_.file("err"))};
}

Ended run(const std::string& program, const Arguments& arguments) {
  return Process(arguments, 0, program).wait();
}

Ended lm(const Arguments& arguments, std::size_t file_limit) { return Process(arguments, file_limit).wait(); }

Arguments joined(Arguments first, const Arguments& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

}  // namespace examples

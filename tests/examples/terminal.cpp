#include "terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <stdexcept>

namespace examples {
namespace {

std::string program() { return std::string(SLUICE_BIN_DIR) + "/lm"; }

/// In the child: the terminal as its own, and the program.
[[noreturn]] void become(const char* terminal, const Arguments& arguments) {
  setsid();
  const int end = open(terminal, O_RDWR);
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) dup2(end, descriptor);
  const std::string name = program();
  std::vector<char*> argv{const_cast<char*>(name.c_str())};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  execv(name.c_str(), argv.data());
  _exit(127);
}

}  // namespace

Ended on_terminal(const Arguments& arguments, int columns) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || grantpt(terminal) != 0 || unlockpt(terminal) != 0)
    throw std::runtime_error("no terminal to be had");
  winsize size{};
  size.ws_col = static_cast<unsigned short>(columns);
  size.ws_row = 24;
  ioctl(terminal, TIOCSWINSZ, &size);
  const std::string name = ptsname(terminal);
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("cannot fork");
  if (child == 0) become(name.c_str(), arguments);
  Ended ended;
  std::array<char, 4096> piece{};
  // Reading fails when the program has ended; before it has opened its end, too.
  bool over = false;
  while (true) {
    const ssize_t count = read(terminal, piece.data(), piece.size());
    if (count > 0) {
      ended.out.append(piece.data(), static_cast<std::size_t>(count));
      continue;
    }
    if (over) break;
    int status = 0;
    if (waitpid(child, &status, WNOHANG) == child) {
      over = true;
      if (WIFEXITED(status)) ended.code = WEXITSTATUS(status);
      if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
    }
    usleep(1000);
  }
  close(terminal);
  return ended;
}

int shell(const std::string& command) {
  setenv("LM", program().c_str(), 1);
  const int status = std::system(("bash -c '" + command + "'").c_str());
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace examples

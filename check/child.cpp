#include <sluice/check/child.h>
#include <sluice/graph/error.h>
#include <sluice/kernels/threads.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <exception>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace sluice::detail {

namespace {

constexpr std::size_t note_bytes = 4096;
constexpr unsigned seconds_at_most = 60;
constexpr int done = 117;  // a status that no op exits with

/// A page that both processes see.
class SharedNote final : public Note {
 public:
  SharedNote()
      : text_(static_cast<char*>(
            mmap(nullptr, note_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    if (text_ == MAP_FAILED) throw Error("[check_op] no memory for a page that two processes share");
  }
  ~SharedNote() override { munmap(text_, note_bytes); }
  SharedNote(const SharedNote&) = delete;
  SharedNote& operator=(const SharedNote&) = delete;

  void write(std::string_view text) override {
    const std::size_t length = std::min(text.size(), note_bytes - 1);
    std::memcpy(text_, text.data(), length);
    text_[length] = 0;
    if (limits_time_) alarm(seconds_at_most);  // for what begins now
  }
  /// From now on, what a note announces ends the process if it takes too long.
  void limit_time() { limits_time_ = true; }
  std::string text() const { return text_; }

 private:
  char* text_;
  bool limits_time_ = false;
};

constexpr std::array fatal = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};

[[noreturn]] void be_child(const std::function<void(Note&)>& f, SharedNote& note) {
  const rlimit no_core{0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  for (const int signal : fatal) std::signal(signal, SIG_DFL);  // a handler of the program would report
  std::signal(SIGALRM, SIG_DFL);
  const int nowhere = open("/dev/null", O_WRONLY);  // NOLINT(cppcoreguidelines-pro-type-vararg): POSIX
  dup2(nowhere, STDOUT_FILENO);
  dup2(nowhere, STDERR_FILENO);
  sigset_t signals;  // the program may block them
  sigfillset(&signals);
  sigprocmask(SIG_UNBLOCK, &signals, nullptr);
  note.limit_time();
  try {
    const kernels::detail::InLoop one_thread;  // the copy has no other threads
    f(note);
  } catch (...) {  // what throws here throws in the parent, which reports it
  }
  _exit(done);
}

std::string reason_of(int status) {
  if (!WIFSIGNALED(status)) return fmt::format("exit with status {}", WEXITSTATUS(status));
  if (WTERMSIG(status) == SIGALRM) return fmt::format("no end within {} seconds", seconds_at_most);
  switch (WTERMSIG(status)) {
    case SIGSEGV:
      return "segmentation fault";
    case SIGBUS:
      return "bus error";
    case SIGFPE:
      return "integer division by zero, or overflow";
    case SIGILL:
      return "illegal instruction";
    case SIGABRT:
      return "abort";
    default:
      return fmt::format("signal {}", WTERMSIG(status));
  }
}

}  // namespace

std::optional<Crash> run_in_child(const std::function<void(Note&)>& f) {
  SharedNote note;
  const pid_t child = fork();
  if (child == 0) be_child(f, note);
  if (child < 0) {
    throw Error(
        fmt::format("[check_op] a process to try ops in must start: got '{}'; set isolated = false to do "
                    "without",
                    std::strerror(errno)));
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno == EINTR) continue;
    throw Error(
        fmt::format("[check_op] the process that tries ops must tell how it ended: got '{}'; do not ignore "
                    "SIGCHLD, or set "
                    "isolated = false",
                    std::strerror(errno)));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == done) return std::nullopt;
  return Crash{reason_of(status), WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM, note.text()};
}

}  // namespace sluice::detail

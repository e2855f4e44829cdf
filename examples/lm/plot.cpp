#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <system_error>
#include <vector>

#include "commands.h"
#include "run_log.h"

extern char** environ;  // NOLINT(readability-identifier-naming): the system's name

namespace lm {
namespace {

namespace fs = std::filesystem;

/// A string of gnuplot.
std::string gnuplot_string(const std::string& text) {
  std::string result = "'";
  for (const char c : text) result += c == '\'' ? "''" : std::string(1, c);
  return result + "'";
}

/// The points of one curve; where a line of the log has none, the curve goes on with the next.
template <class Value>
std::string points(const std::vector<LogLine>& lines, const Value& value) {
  std::string text;
  for (const LogLine& line : lines)
    if (const std::optional<double> y = value(line)) text += fmt::format("{} {}\n", line.step, *y);
  return text + "e\n";
}

std::string terminal_for(const fs::path& out) {
  if (out.extension() == ".svg") return "svg size 900,500 background 'white'";
  if (out.extension() == ".png") return "pngcairo size 900,500";
  if (out.extension() == ".pdf") return "pdfcairo size 18cm,10cm";
  throw UserError(fmt::format("-o names a file that ends in .svg, .png or .pdf: got {}", out.string()));
}

/// The losses, on the left axis, and the learning rate, on the right one, by step.
std::string script(const std::vector<LogLine>& lines, const std::string& title, const fs::path& temporary,
                   const std::string& terminal) {
  const bool validated =
      std::any_of(lines.begin(), lines.end(), [](const LogLine& l) { return l.validation_nats; });
  std::string text = fmt::format(
      "set terminal {}\nset output {}\nset title {} noenhanced\nset xlabel 'step'\nset ylabel 'nats a "
      "token'\n"
      "set y2label 'learning rate'\nset ytics nomirror\nset y2tics\nset y2range [0:*]\nset xrange [0:*]\nset "
      "grid\nset key top "
      "right\n"
      "plot '-' with lines lw 2 title 'training'{}, '-' axes x1y2 with lines dt 2 title 'learning rate'\n",
      terminal, gnuplot_string(temporary.string()), gnuplot_string(title),
      validated ? ", '-' with linespoints lw 2 title 'validation'" : "");
  text += points(lines, [](const LogLine& l) { return std::optional(l.train_nats); });
  if (validated) text += points(lines, [](const LogLine& l) { return l.validation_nats; });
  return text + points(lines, [](const LogLine& l) { return l.learning_rate; });
}

/// Runs a program with this text as its standard input; returns its exit code, -1 after a signal. Throws
/// UserError if it cannot be started.
int run(const std::string& program, const std::string& input) {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0)
    throw UserError("no pipe: " + std::generic_category().message(errno));
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
  std::array<char*, 2> arguments{const_cast<char*>(program.c_str()), nullptr};
  pid_t id = 0;
  const int error = posix_spawnp(&id, program.c_str(), &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[0]);
  if (error != 0) {
    close(ends[1]);
    throw UserError(
        fmt::format("plot needs the program {} ({}): on Debian and Ubuntu, apt install gnuplot-nox", program,
                    std::generic_category().message(error)));
  }
  std::signal(SIGPIPE, SIG_IGN);  // it may end before it has read all; its exit code says so
  for (std::size_t done = 0; done < input.size();) {
    const ssize_t count = write(ends[1], input.data() + done, input.size() - done);
    if (count < 0) break;
    done += static_cast<std::size_t>(count);
  }
  close(ends[1]);
  int status = 0;
  waitpid(id, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

int plot(const PlotCommand& c) {
  const std::vector<LogLine> lines = read_log(c.log);
  const fs::path out = c.out;
  const std::string terminal = terminal_for(out);
  if (!fs::is_directory(fs::absolute(out).parent_path()))
    throw UserError(fmt::format("{}: there is no such folder", out.string()));
  // Through a file of its own, so that an older plot is replaced by a whole one or not at all.
  fs::path temporary = out;
  temporary += fmt::format(".{}.tmp", getpid());
  const int code = run("gnuplot", script(lines, c.log, temporary, terminal));
  std::error_code error;
  if (code == 0) fs::rename(temporary, out, error);
  if (code == 0 && !error) {
    fmt::print("{}: {} points\n", out.string(), lines.size());
    return 0;
  }
  std::error_code ignored;
  fs::remove(temporary, ignored);
  if (code != 0)
    throw UserError(fmt::format("gnuplot could not draw {} and ended with code {}", c.log, code));
  throw UserError(fmt::format("{}: cannot be written ({})", out.string(), error.message()));
}

}  // namespace lm

// lm: trains a language model on a text, resumes a training, evaluates a model, generates text.

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sluice/graph/error.h>
#include <sluice/text/escape.h>
#include <sluice/version.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <system_error>
#include <vector>

#include "commands.h"
#include "options.h"

namespace {

/// The names of the options on the command line, without dashes.
std::vector<std::string> given_options(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    if (option->count() > 0) names.push_back(option->get_name().substr(2));
  }
  return names;
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

/// Throws UserError that names the commands, unless the first argument is one or an option.
void require_command(const CLI::App& app, int argc, char** argv) {
  const std::vector<std::string> names = names_of_commands(app);
  const std::string list =
      fmt::format("the commands are {}; lm COMMAND --help says more", fmt::join(names, ", "));
  if (argc < 2) throw lm::UserError("say what to do: " + list);
  const std::string first = argv[1];
  if (first == "--help" || first == "-h" || first == "--version" ||
      std::find(names.begin(), names.end(), first) != names.end())
    return;
  throw lm::UserError(fmt::format("there is no command {}: {}", first, list));
}

int run(int argc, char** argv) {
  CLI::App app("A recurrent language model: train it on a text, let it write.");
  lm::Commands commands;
  lm::add_commands(app, commands);
  app.set_version_flag("--version", fmt::format("lm of Sluice {}; commands: {}", sluice::version,
                                                fmt::join(names_of_commands(app), ", ")));
  require_command(app, argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& error) {
    throw lm::UserError(error.what());
  }
  const CLI::App& chosen = *app.get_subcommands().front();
  const std::string& name = chosen.get_name();
  if (name == "train") {
    commands.train.program = argv[0];
    commands.train.given = given_options(chosen);
    return lm::train(commands.train);
  }
  if (name == "sample") return lm::sample(commands.sample);
  if (name == "evaluate") return lm::evaluate(commands.evaluate);
  if (name == "export") return lm::export_model(commands.exported);
  if (name == "plot") return lm::plot(commands.plot);
  return lm::info(commands.info);
}

/// Prints a message as one line, whatever it contains.
int fail(std::string message) {
  if (isatty(STDERR_FILENO) == 1) message = sluice::text::visible(message);
  for (char& c : message) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  std::fprintf(stderr, "lm: %s\n", message.c_str());
  return 1;
}

/// Opens what is closed of the three standard files: a log or a model would get its number, and the output.
void open_standard_files() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (fcntl(descriptor, F_GETFD) == -1) open("/dev/null", O_RDWR);
}

}  // namespace

int main(int argc, char** argv) {
  open_standard_files();
  try {
    // Beyond a limit on the size of files a write fails like on a full disk, instead of ending the program.
    std::signal(SIGXFSZ, SIG_IGN);
    const int code = run(argc, argv);
    if (code != 0) return code;
    errno = 0;
    if (std::fflush(stdout) != 0 || std::ferror(stdout)) {
      // An earlier write may have failed, and its errno is lost.
      const std::string reason = errno == 0 ? "" : " (" + std::generic_category().message(errno) + ")";
      return fail("standard output cannot be written" + reason);
    }
    return code;
  } catch (const std::bad_alloc&) {
    return fail("out of memory: use a smaller model, batch or length");
  } catch (const sluice::Error& error) {
    return fail(error.message());  // the line of our code is of no use to those who run it
  } catch (const std::exception& error) {
    return fail(error.what());
  }
}

#include <fmt/format.h>
#include <sluice/kernels/threads.h>
#include <sluice/text/corpus.h>
#include <sluice/text/escape.h>
#include <sluice/text/utf8.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>

#include "commands.h"
#include "saved.h"
#include "writer.h"

namespace lm {
namespace {

namespace text = sluice::text;

std::string prime_of(const SampleCommand& c, text::TokenKind kind) {
  if (c.prime_file.empty()) return text::unescape(c.prime);
  if (std::filesystem::is_directory(c.prime_file))
    throw UserError(
        fmt::format("--prime-file names a file, or - for standard input: got the folder {}", c.prime_file));
  return text::load_corpus({c.prime_file}, {.any_bytes = kind == text::TokenKind::byte}).text;
}

text::GenerateOptions options_of(const SampleCommand& c) {
  text::GenerateOptions options;
  options.length = static_cast<std::size_t>(c.length);
  options.sample = {.temperature = c.temperature,
                    .top_k = static_cast<std::size_t>(c.top_k),
                    .top_p = c.top_p,
                    .min_p = c.min_p,
                    .repetition_penalty = c.repetition_penalty,
                    .repetition_window = static_cast<std::size_t>(c.repetition_window)};
  for (const std::string& stop : c.stop) options.stop.push_back(text::unescape(stop));
  return options;
}

}  // namespace

int sample(const SampleCommand& c) {
  sluice::kernels::set_threads(c.threads);
  const Saved saved = open_saved(c.model);
  const std::string prime = prime_of(c, saved.vocabulary.kind());
  text::GenerateOptions options = options_of(c);
  const Model model = saved.model();
  Writer writer(model, saved.vocabulary, saved.beginning);

  const bool is_terminal = isatty(STDOUT_FILENO) == 1;
  text::Utf8Stream characters;
  const auto show = [&](std::string_view piece) {
    // A text may hold colour codes and worse. A file gets what was written, byte for byte.
    const std::string safe = is_terminal ? text::visible(characters.push(piece)) : std::string(piece);
    std::fwrite(safe.data(), 1, safe.size(), stdout);
    if (c.stream) std::fflush(stdout);
  };
  const bool ends_line = is_terminal || saved.vocabulary.kind() != text::TokenKind::byte;
  for (std::int64_t i = 0; i < c.samples; ++i) {
    options.seed = static_cast<std::uint64_t>(c.seed + i);
    if (c.samples > 1) fmt::print("{}---- seed {}\n", i > 0 && !ends_line ? "\n" : "", options.seed);
    writer.write(prime, options, show);
    if (is_terminal) fmt::print("{}", characters.finish());
    if (ends_line) fmt::print("\n");
  }
  std::size_t unknown = 0;
  saved.vocabulary.encode(prime, &unknown);
  if (unknown > 0) {
    fmt::print(stderr,
               "lm: note: the model does not know {} of the tokens of the prime and read them as unknown\n",
               unknown);
  }
  return 0;
}

}  // namespace lm

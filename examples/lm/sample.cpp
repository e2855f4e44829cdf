#include <fmt/format.h>
#include <sluice/kernels/threads.h>

#include <cstdio>

#include "commands.h"
#include "training.h"
#include "writer.h"

namespace lm {

int sample(const SampleCommand& c) {
  sluice::kernels::set_threads(c.threads);
  const Saved saved = open_saved(c.model);
  const Model model = saved.model();
  Writer writer(model, saved.vocabulary);
  const auto show = [&](std::string_view piece) {
    fmt::print("{}", piece);
    if (c.stream) std::fflush(stdout);
  };
  const std::size_t unknown = writer.write(
      c.prime, static_cast<std::size_t>(c.length), static_cast<std::uint64_t>(c.seed),
      {.temperature = c.temperature, .top_k = static_cast<std::size_t>(c.top_k), .top_p = c.top_p}, show);
  fmt::print("\n");
  if (unknown > 0) {
    fmt::print(stderr,
               "lm: note: the model does not know {} of the tokens in --prime and read them as unknown\n",
               unknown);
  }
  return 0;
}

}  // namespace lm

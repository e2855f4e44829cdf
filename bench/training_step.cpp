// Claim: a whole training step is faster than PyTorch's. This is our side; training_step.py is the other, and
// controls the turns of both (--follow).

#include "bench.h"
#include "model.h"

#include <sluice/compile/compile.h>

namespace {

namespace sl = sluice;

/// Ids that differ from each other, the same in every run.
void fill_ids(sl::Program& program, std::size_t input, sl::Index vocabulary) {
  const auto ids = program.input<std::int32_t>(input);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    ids[i] = static_cast<std::int32_t>((i + input) * 7919 % static_cast<std::size_t>(vocabulary));
  }
}

void measure(const bench::ModelSize& size, bool follow, const bench::Settings& settings) {
  const double before = bench::peak_mib();
  bench::Model model(size);
  const auto compiled =
      sl::compile([&](const sl::Tensor& ids, const sl::Tensor& next) { return model.train(ids, next); });
  const sl::Tensor ids = sl::zeros(model.ids().shape, sl::DType::int32);
  const auto program = compiled.program(ids, ids);
  fill_ids(*program, 0, size.vocabulary);
  fill_ids(*program, 1, size.vocabulary);
  const bench::Work step = [&] { program->run(); };
  bench::explain(*program, settings);
  if (follow) {
    bench::follow(step, before);
    return;
  }
  bench::Table table({"model", "threads", "step", "characters/s", "peak memory"});
  const double seconds = bench::medians({step}, settings)[0];
  table.row({fmt::format("{} {}x{} B={} T={} V={}", size.cell, size.layers, size.hidden, size.batch,
                         size.length, size.vocabulary),
             std::to_string(settings.threads), bench::time(seconds),
             fmt::format("{:.0f}", static_cast<double>(size.batch * size.length) / seconds),
             fmt::format("{:.0f} MiB", bench::peak_mib())});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("The whole training step of a language model");
  bench::Settings settings;
  bench::ModelSize size;
  bool follow = false;
  app.add_option("--cell", size.cell, "lstm, four-gate or layer-norm")->capture_default_str();
  app.add_option("--layers", size.layers)->capture_default_str();
  app.add_option("--hidden", size.hidden)->capture_default_str();
  app.add_option("--batch", size.batch)->capture_default_str();
  app.add_option("--length", size.length)->capture_default_str();
  app.add_option("--vocabulary", size.vocabulary)->capture_default_str();
  app.add_flag("--follow", follow, "run a step for each line read, and answer with its seconds and peak MiB");
  return bench::run(argc, argv, app, settings, [&] {
    if (settings.smoke) size = {size.cell, 1, 16, 3, 4, 10};
    measure(size, follow, settings);
  });
}

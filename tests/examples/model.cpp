#include "model.h"

#include <fmt/format.h>
#include <sluice/io/checkpoint.h>
#include <sluice/io/checksum.h>

#include <nlohmann/json.hpp>

namespace examples {

std::string sample_text() {
  const std::vector<std::string> subjects{"the fox", "a bird", "the old stone", "every river", "naïve café"};
  const std::vector<std::string> verbs{"sees", "carries", "forgets", "keeps"};
  std::string text;
  for (std::size_t i = 0; i < 120; ++i) {
    text += subjects[i * i % 5] + " " + verbs[i / 3 % 4] + " " + subjects[(i + i / 7) % 5] +
            (i % 2 ? ".\n" : ", and ");
  }
  return text;
}

Arguments small() {
  return {"--layers", "2", "--hidden", "12", "--batch", "4", "--length", "10", "--threads", "1"};
}

Ended train(const Arguments& arguments) { return lm(joined(joined({"train"}, arguments), small())); }

std::string everything_in(const std::string& checkpoint) {
  const sluice::io::Checkpoint saved = sluice::io::load(checkpoint);
  std::string all;
  for (const auto& [name, array] : saved.arrays) {
    const std::uint64_t bits = sluice::io::checksum(array.data(), array.bytes());
    all += fmt::format("{} {} {:016x}\n", name, array.spec().text(), bits);
  }
  for (const auto& [name, text] : saved.texts) {
    if (name == "state") {
      auto state = nlohmann::json::parse(text);
      state.erase("seconds");  // the only thing that two equal trainings may differ in
      all += state.dump() + "\n";
    } else {
      all += fmt::format("{} {}\n", name, text);
    }
  }
  return all;
}

std::string sample_of(const std::string& checkpoint) {
  const Ended ended =
      lm({"sample", "--model", checkpoint, "--length", "300", "--seed", "7", "--top-p", "0.9"});
  return ended.code == 0 ? ended.out : "failed: " + ended.err;
}

}  // namespace examples

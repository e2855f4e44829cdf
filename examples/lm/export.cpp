#include <fmt/format.h>

#include <filesystem>

#include "commands.h"
#include "saved.h"

namespace lm {

int export_model(const ExportCommand& c) {
  Saved saved = open_saved(c.model);
  require_no_best_path(c.out);
  require_replaceable(c.out);
  if (std::filesystem::exists(c.out) && std::filesystem::equivalent(c.out, c.model)) {
    throw UserError(fmt::format(
        "{} is the model itself, and its training could not go on: name another file for --out", c.out));
  }
  std::erase_if(saved.checkpoint.arrays,
                [](const auto& entry) { return !entry.first.starts_with("model."); });
  // Where the text was is of no use to others.
  saved.plan.text.files.clear();
  saved.plan.text.is_default = false;
  saved.checkpoint.texts["text"] = to_text(saved.plan.text);
  sluice::io::save(c.out, saved.checkpoint);
  fmt::print("{}: {} bytes, the model and its vocabulary ({} has {})\n", c.out,
             std::filesystem::file_size(c.out), c.model, std::filesystem::file_size(c.model));
  return 0;
}

}  // namespace lm

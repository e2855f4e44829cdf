// The settings of lm as checkpoints hold them: any JSON. What is accepted is written and read as the same.

#include "../../examples/lm/settings.h"
#include "../../examples/lm/text_source.h"
#include "../../examples/lm/training_state.h"
#include "agreement.h"

#include <cstdint>

namespace {

template <class Settings>
void read(const std::string& text) {
  try {
    auto settings = lm::from_text<Settings>(text);
    if constexpr (requires { lm::resolve(settings); }) lm::resolve(settings);
    const std::string written = lm::to_text(settings);
    if (lm::to_text(lm::from_text<Settings>(written)) != written)
      sluice::fuzz::report("read again it is another: " + written);
  } catch (const lm::UserError&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read<lm::ModelSettings>(text);
  read<lm::TrainSettings>(text);
  read<lm::Budget>(text);
  read<lm::TextIdentity>(text);
  read<lm::TrainingState>(text);
  return 0;
}

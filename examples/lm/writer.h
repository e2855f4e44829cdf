#pragma once

#include <sluice/compile/compile.h>
#include <sluice/nn/carried_state.h>
#include <sluice/text/generate.h>
#include <sluice/text/vocabulary.h>

#include <functional>
#include <string>
#include <string_view>

#include "model.h"

namespace lm {

/// Lines at the end of a text, some hundred characters: a sample is read after them, so that its first line
/// is written from a state that training has met, as the later ones are. Zeros, the state before a text, are
/// met once in an epoch.
std::string beginning_of(std::string_view text);

/// Generates text with a model.
class Writer {
 public:
  /// `beginning` is read before the prime; it may be empty.
  Writer(const Model& model, const sluice::text::Vocabulary& vocabulary, std::string_view beginning);

  /// Reads `prime`, then generates. Passes `prime` and the generated text to `show` as it is produced. The
  /// same model, prime and options give the same text.
  sluice::text::Generated write(std::string_view prime, const sluice::text::GenerateOptions& options,
                                const std::function<void(std::string_view)>& show);
  /// The same, as one string.
  std::string write(std::string_view prime, const sluice::text::GenerateOptions& options);

 private:
  const sluice::text::Vocabulary& vocabulary_;
  std::vector<std::int32_t> beginning_;
  sluice::nn::CarriedState carried_;
  sluice::Program step_;
};

}  // namespace lm

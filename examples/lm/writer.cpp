#include "writer.h"

#include <sluice/text/utf8.h>

namespace lm {

namespace text = sluice::text;
using sluice::Tensor;

namespace {

constexpr std::size_t shortest_beginning = 200;
constexpr std::size_t longest_beginning = 1000;

}  // namespace

std::string beginning_of(std::string_view content) {
  const std::size_t end =
      content.rfind('\n') == std::string_view::npos ? content.size() : content.rfind('\n') + 1;
  std::string_view last = content.substr(0, end);
  if (last.size() <= shortest_beginning) return std::string(last);
  // From the last line start that leaves enough; else, in very long lines, from any character.
  const std::size_t line_end = last.rfind('\n', last.size() - shortest_beginning - 1);
  std::size_t start = line_end == std::string_view::npos ? 0 : line_end + 1;
  if (last.size() - start > longest_beginning) start = last.size() - longest_beginning;
  while (start < last.size() && text::continues_character(last[start])) ++start;
  return std::string(last.substr(start));
}

Writer::Writer(const Model& model, const text::Vocabulary& vocabulary, std::string_view beginning)
    : vocabulary_(vocabulary),
      beginning_(vocabulary.encode(beginning.empty() ? "\n" : beginning)),
      carried_(model.layers(), 1),
      step_(sluice::compile([&model, carried = carried_](const Tensor& token) {
              const Model::Result result = model.step(token, carried.read());
              carried.assign(result.states);
              return model.logits(result.h);
            }).prepare(sluice::Spec{sluice::DType::int32, {1}})) {}

text::Generated Writer::write(std::string_view prime, const text::GenerateOptions& options,
                              const std::function<void(std::string_view)>& show) {
  carried_.reset();
  std::vector<std::int32_t> before = beginning_;
  const std::vector<std::int32_t> given = vocabulary_.encode(prime);
  before.insert(before.end(), given.begin(), given.end());
  if (!prime.empty()) show(prime);
  const auto read = [this](std::int32_t token) {
    step_.input<std::int32_t>(0)[0] = token;
    step_.run();
    return step_.output<float>(0);
  };
  return text::generate(vocabulary_, before, read, options, show);
}

std::string Writer::write(std::string_view prime, const text::GenerateOptions& options) {
  std::string written;
  write(prime, options, [&](std::string_view piece) { written += piece; });
  return written;
}

}  // namespace lm

// Texts of any bytes: UTF-8 whole and in pieces, other encodings, gzip, words, vocabularies made of a text and
// read from JSON, parts, windows, readings, scores, samples, stop strings and escapes.

#include "agreement.h"
#include "text/inputs.h"

#include <sluice/graph/error.h>
#include <sluice/text/batches.h>
#include <sluice/text/corpus.h>
#include <sluice/text/encoding.h>
#include <sluice/text/escape.h>
#include <sluice/text/gzip.h>
#include <sluice/text/reading.h>
#include <sluice/text/sample.h>
#include <sluice/text/score.h>
#include <sluice/text/stop_matcher.h>
#include <sluice/text/utf8.h>
#include <sluice/text/vocabulary.h>
#include <sluice/text/words.h>

#include <fuzzer/FuzzedDataProvider.h>

#include <algorithm>
#include <limits>
#include <numeric>

namespace {

using namespace sluice;
using namespace sluice::text;

void require(bool holds, const char* rule) {
  if (!holds) fuzz::report(rule);
}

void utf8(const std::string& text, FuzzedDataProvider& data) {
  const bool valid = valid_prefix(text) == text.size();
  std::string again;
  try {
    for (const char32_t code_point : decode_utf8(text)) again += encode_utf8(code_point);
    require(valid && again == text, "a text is its code points");
  } catch (const Error&) {
    require(!valid, "what is valid is decoded");
  }
  Utf8Stream stream;
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = data.ConsumeIntegralInRange<std::size_t>(1, 5);
    shown += stream.push(std::string_view(text).substr(at, size));
    at += size;
  }
  shown += stream.finish();
  require(valid_prefix(shown) == shown.size(), "what a stream shows is UTF-8");
  require(!valid || shown == text, "a stream shows a valid text as it is");
}

void one_of_both(const Converted& converted) {
  require(converted.text.empty() != converted.why_not.empty(), "bytes are a text, or it is said why not");
  require(valid_prefix(converted.text) == converted.text.size(), "what is converted is UTF-8");
  require(converted.text.find('\0') == std::string::npos, "a text has no zero bytes");
}

void encodings(const std::string& bytes) {
  one_of_both(convert_to_utf8(bytes));
  one_of_both(utf16_to_utf8(bytes, true));
  one_of_both(utf16_to_utf8(bytes, false));
  require(gunzip(inputs::gzipped(bytes)).bytes == bytes, "gzip gives back what was put in");
  const Unzipped content = gunzip(is_gzip(bytes) ? bytes : "\x1F\x8B\x08" + bytes);
  require(content.bytes.empty() || content.why_not.empty(), "damaged gzip has no content");
  if (valid_prefix(bytes) < bytes.size() || bytes.find('\0') != std::string::npos) return;
  if (bytes.empty() || bytes.starts_with("\xEF\xBB\xBF")) return;
  for (const bool little : {true, false}) {
    for (const bool marked : {true, false}) {
      require(utf16_to_utf8(inputs::utf16(bytes, little, marked), little).text == bytes,
              "UTF-16 gives back what was put in");
    }
  }
}

void words(const std::string& text) {
  std::vector<std::string_view> pieces;
  try {
    pieces = split_words(text);
  } catch (const Error&) {
    require(valid_prefix(text) < text.size(), "what is valid is divided");
    return;
  }
  std::string joined;
  for (const std::string_view piece : pieces) {
    std::size_t end = 0;
    require(next_word(piece, end) == piece, "a piece alone is one piece");
    joined += piece;
  }
  require(joined == text && valid_prefix(text) == text.size(), "pieces joined are the text");
}

void vocabulary(const Vocabulary& vocabulary, const std::string& text) {
  require(Vocabulary::from_json(vocabulary.to_json()) == vocabulary, "a vocabulary is what it was");
  std::size_t unknown = 0;
  const auto ids = vocabulary.encode(text, &unknown);
  require(unknown > 0 || vocabulary.decode(ids) == text, "decode(encode(text)) is the text");
  const auto lengths = vocabulary.lengths(text);
  require(lengths.size() == ids.size(), "each token has its length");
  std::size_t tokens = 0;
  for (const LineScore& line : line_scores(text, lengths, std::vector<float>(ids.size() - 1))) {
    require(line.tokens > 0 && line.line >= 1, "a line has tokens");
    tokens += line.tokens;
  }
  require(tokens + 1 == ids.size(), "each token but the first is in one line");
}

void counts(const std::string& text) {
  for (std::size_t from = 0; from <= text.size(); ++from) {
    const TextCounts all = count_text(text, from);
    require(
        all.bytes == text.size() - from && all.characters <= all.bytes && 2 * all.words <= all.characters + 1,
        "words are no more than characters, and these than bytes");
  }
}

void windows(const std::string& text, FuzzedDataProvider& data) {
  const auto size = [&] { return data.ConsumeIntegralInRange<std::size_t>(0, 9); };
  const std::size_t batch = size();
  const std::size_t length = size();
  Batches batches(Vocabulary::bytes().encode(text), batch, length);
  batches.seek({data.ConsumeIntegral<std::int64_t>(), data.ConsumeIntegralInRange<std::int64_t>(-1, 3)});
  std::vector<std::int32_t> x(batch * length);
  std::vector<std::int32_t> y(batch * length);
  for (int i = 0; i < 3; ++i) {
    const auto window = batches.next(x, y);
    require(window.last == (batches.position().window == 0), "behind the last window an epoch begins");
  }
}

/// Reads tokens that tell where they stand.
void reading(FuzzedDataProvider& data) {
  const auto size = [&](std::size_t most) { return data.ConsumeIntegralInRange<std::size_t>(0, most); };
  std::vector<std::int32_t> tokens(size(99));
  std::iota(tokens.begin(), tokens.end(), 0);
  Reading reading(tokens, {size(9), data.ConsumeBool() ? size(20) : data.ConsumeIntegral<std::size_t>(),
                           size(20), size(9), data.ConsumeBool()});
  std::vector<int> counted(tokens.size());
  std::vector<std::int32_t> x(reading.length() * reading.streams());
  std::vector<std::int32_t> y(x);
  std::vector<float> nats(x.size());
  for (Reading::Window window; !window.last;) {
    window = reading.next(x, y);
    for (std::size_t i = 0; i < y.size(); ++i) {
      nats[i] = std::numeric_limits<float>::quiet_NaN();
      if (y[i] == Reading::ignored) continue;
      require(y[i] == x[i] + 1, "a target is the token behind");
      ++counted[static_cast<std::size_t>(y[i])];
      nats[i] = static_cast<float>(y[i]);
    }
    reading.add(nats);
  }
  require(counted[0] == 0 && std::count(counted.begin(), counted.end(), 1) + 1 == std::ssize(counted),
          "every token but the first counts once");
  require(reading.total() == static_cast<double>(tokens.size() * (tokens.size() - 1)) / 2,
          "a total is that of the tokens");
}

/// What is shown before the stop string that ends first, and of those that do the longest.
std::string before_stop(const std::string& text, const std::vector<std::string>& stops) {
  for (std::size_t end = 1; end <= text.size(); ++end) {
    std::size_t longest = 0;
    for (const std::string& stop : stops) {
      if (std::string_view(text).substr(0, end).ends_with(stop)) longest = std::max(longest, stop.size());
    }
    if (longest > 0) return text.substr(0, end - longest);
  }
  return text;
}

void stops(const std::string& text, FuzzedDataProvider& data) {
  std::vector<std::string> stops(data.ConsumeIntegralInRange<std::size_t>(0, 3));
  for (std::string& stop : stops) {
    // A random one would hardly ever be found.
    const std::size_t at = data.ConsumeIntegralInRange<std::size_t>(0, text.size());
    stop =
        text.substr(at, data.ConsumeIntegralInRange<std::size_t>(1, 6)) + data.ConsumeRandomLengthString(2);
  }
  StopMatcher matcher(stops);
  std::string shown;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = data.ConsumeIntegralInRange<std::size_t>(1, 5);
    shown += matcher.push(std::string_view(text).substr(at, size));
    at += size;
  }
  shown += matcher.finish();
  require(shown == before_stop(text, stops), "a text ends before its first stop string, in any pieces");
}

void escapes(const std::string& text) {
  const std::string shown = visible(text);
  require(valid_prefix(shown) == shown.size(), "what is visible is UTF-8");
  for (const char32_t c : decode_utf8(shown)) {
    require((c >= 0x20 || c == '\n' || c == '\t') && (c < 0x7F || c >= 0xA0), "no control character is left");
  }
  require(visible(shown) == shown, "what is visible stays as it is");
  std::string escaped;
  for (const char byte : text) escaped += byte == '\\' ? std::string(2, byte) : std::string(1, byte);
  require(unescape(escaped) == text, "a backslash is two");
  require(unescape(text).size() <= text.size(), "no escape is shorter than what it means");
}

void sample(FuzzedDataProvider& data) {
  std::vector<float> logits(data.ConsumeIntegralInRange<std::size_t>(0, 20));
  for (float& logit : logits) logit = data.ConsumeFloatingPoint<float>();
  std::vector<std::int32_t> recent(data.ConsumeIntegralInRange<std::size_t>(0, 5));
  for (std::int32_t& id : recent) id = data.ConsumeIntegralInRange<std::int32_t>(-1, 20);
  Sampler sampler({data.ConsumeFloatingPoint<double>(), data.ConsumeIntegral<std::uint8_t>(),
                   data.ConsumeProbability<double>(), data.ConsumeProbability<double>(),
                   data.ConsumeFloatingPoint<double>(), data.ConsumeIntegral<std::uint8_t>()});
  const std::int32_t id = sampler(logits, data.ConsumeFloatingPointInRange<double>(-0.1, 1.1), recent);
  require(id >= 0 && static_cast<std::size_t>(id) < logits.size(), "a sample is one of the ids");
  require(logits[static_cast<std::size_t>(id)] != -std::numeric_limits<float>::infinity(),
          "a token that is excluded is not drawn");
}

template <class F>
void allowed_to_refuse(const F& f) {
  try {
    f();
  } catch (const Error&) {
    return;
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  FuzzedDataProvider data(bytes, size);
  // The last bytes are the numbers of one check, which would otherwise be used up by the others.
  const std::string text = data.ConsumeBytesAsString(size - std::min<std::size_t>(size / 2, 64));
  switch (data.ConsumeIntegralInRange<int>(0, 5)) {
    case 0:
      utf8(text, data);
      break;
    case 1:
      allowed_to_refuse([&] { stops(text, data); });
      break;
    case 2:
      allowed_to_refuse([&] { reading(data); });
      break;
    case 3:
      allowed_to_refuse([&] { windows(text, data); });
      break;
    case 4:
      allowed_to_refuse([&] { sample(data); });
      break;
    default:
      allowed_to_refuse([&] {
        const Parts parts = split(text, data.ConsumeFloatingPointInRange<double>(-0.1, 1.1));
        require(parts.training.size() + parts.validation.size() == text.size(), "parts are the text");
      });
  }
  const std::size_t most = data.ConsumeIntegralInRange<std::size_t>(0, 20);
  encodings(text);
  words(text);
  allowed_to_refuse([&] { vocabulary(Vocabulary::from_json(text), text); });
  allowed_to_refuse([&] { vocabulary(Vocabulary::characters(text), text); });
  allowed_to_refuse([&] { vocabulary(Vocabulary::words(text, most), text); });
  allowed_to_refuse([&] { escapes(text); });
  counts(text.substr(0, 64));
  return 0;
}

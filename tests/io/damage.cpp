// Files that are damaged, and files that lie about sizes.
#include "io/files.h"
#include "support/allocations.h"
#include "support/catch.h"

#include <sluice/io/checkpoint_file.h>
#include <sluice/io/checksum.h>
#include <sluice/io/envelope.h>

#include <fmt/format.h>

using namespace sluice;
using namespace sluice::io;

namespace {

/// The error of loading a file of these bytes, "" when there is none.
std::string error_of(const std::string& bytes) {
  InMemory calls(bytes);
  return message_of([&] { load(calls, "bytes"); });
}

std::string sample_bytes(const Folder& folder) {
  save(folder.file("sample"), sample());
  return read_bytes(folder.file("sample"));
}

std::string string_bytes(const std::string& text) { return bytes_of(text.size(), 8) + text; }
const std::string little("\x01", 1);
const std::string none(8, '\0');

/// Contents with one array: its name, dtype, lengths and what comes behind.
std::string one_array(std::uint64_t dtype, const std::vector<std::uint64_t>& lengths,
                      const std::string& values) {
  std::string bytes =
      little + none + bytes_of(1, 8) + string_bytes("w") + bytes_of(dtype, 1) + bytes_of(lengths.size(), 1);
  for (const auto length : lengths) bytes += bytes_of(length, 8);
  return bytes + values;
}

}  // namespace

TEST_CASE("Every single flipped bit is found") {
  const Folder folder;
  const std::string good = sample_bytes(folder);
  std::size_t found = 0;
  for (std::size_t bit = 0; bit < 8 * good.size(); ++bit) {
    std::string bad = good;
    bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
    if (!error_of(bad).empty()) ++found;
  }
  CHECK(good.size() > 500);
  CHECK(found == 8 * good.size());
  CHECK(error_of(good).empty());
}

TEST_CASE("Every truncation and every added byte is found") {
  const Folder folder;
  const std::string good = sample_bytes(folder);
  for (std::size_t size = 0; size < good.size(); ++size) {
    const std::string error = error_of(good.substr(0, size));
    if (error.find(size == 0 ? "no checkpoint" : "cut short") == std::string::npos)
      FAIL(size << ": " << error);
  }
  CHECK_THAT(error_of(good + "x"), contains("too long"));
  CHECK_THAT(error_of(good + good), contains("too long"));
}

TEST_CASE("Other files are told from damaged ones") {
  const Folder folder;
  const std::string good = sample_bytes(folder);
  CHECK_THAT(error_of("PK\x03\x04 not one of ours"), contains("no checkpoint"));
  std::string text_mode = good;
  text_mode.erase(4, 1);  // \r\n became \n
  CHECK_THAT(error_of(text_mode), contains("transfer as text"));
  std::string header = good;
  header[20] = '9';
  CHECK_THAT(error_of(header), contains("header is damaged"));
  std::string contents = good;
  contents[header_size + 30] ^= 1;
  CHECK_THAT(error_of(contents), contains("contents are damaged"));
  CHECK_THAT(error_of(contents), contains("[load] bytes: "));
}

TEST_CASE("A file of a newer format names the library that wrote it") {
  Header header;
  header.format = checkpoint_format + 1;
  header.library_version = "9.8.7";
  const HeaderBytes bytes = encode(header);
  const std::string error = error_of(std::string(bytes.begin(), bytes.end()));
  CHECK_THAT(error, contains("format 2") && contains("Sluice 9.8.7") && contains(std::string(version)));
}

TEST_CASE("A file with flags that are not known is refused") {
  HeaderBytes bytes = encode({});
  bytes[12] = 1;
  const auto sum = checksum(bytes.data(), 48);
  for (std::size_t i = 0; i < 8; ++i) bytes[48 + i] = static_cast<unsigned char>(sum >> (8 * i));
  CHECK_THAT(error_of(std::string(bytes.begin(), bytes.end())), contains("flags"));
}

TEST_CASE("Contents with a true checksum and false sizes are refused, each by its rule") {
  const std::uint64_t huge = std::uint64_t{1} << 47;
  const std::string f32(4, '\0');
  const std::string one_text = little + bytes_of(1, 8);
  struct Case {
    const char* rule;
    std::string contents;
  };
  const std::vector<Case> cases{
      {"little endian", ""},
      {"little endian", std::string(1, '\0') + none + none},
      {"little endian", std::string(1, '\2') + none + none},
      {"runs over the end", little},
      {"runs over the end", little + none},
      {"number of texts", little + bytes_of(~std::uint64_t{0}, 8)},
      {"number of arrays", little + none + bytes_of(~std::uint64_t{0}, 8)},
      {"cannot be 100000 texts", little + bytes_of(100'000, 8) + none},
      {"cannot be 100000 arrays", little + none + bytes_of(100'000, 8)},
      {"cannot be 1 arrays", little + none + bytes_of(1, 8)},
      {"bytes of a name", one_text + bytes_of(huge, 8) + none + none},
      {"runs over the end", one_text + bytes_of(4096, 8) + none + none},
      {"name is empty", one_text + none + none + none + none},
      {"bytes of a text", one_text + string_bytes("t") + bytes_of(huge, 8) + none},
      {"runs over the end", one_text + string_bytes("t") + bytes_of(1 << 26, 8) + none},
      {"bytes too many", little + none + none + "x"},
      {"bytes too many", one_array(0, {1}, f32 + "x")},
      {"unknown dtype", one_array(4, {1}, f32)},
      {"unknown dtype", one_array(255, {1}, f32)},
      {"rank of 'w'", one_array(0, {1, 1, 1, 1, 1, 1, 1, 1, 1}, f32)},
      {"length of an axis", one_array(0, {~std::uint64_t{0}}, f32)},
      {"2^48 elements", one_array(0, {huge, huge}, f32)},
      {"2^48 elements", one_array(0, {std::uint64_t{1} << 32, std::uint64_t{1} << 32}, f32)},
      {"runs over the end", one_array(1, {huge}, f32)},
      {"runs over the end", one_array(0, {2}, f32)},
      {"runs over the end", one_array(0, {1}, "abc")},
      {"neither 0 nor 1", one_array(3, {2}, "\1\2")},
      {"there twice", little + none + bytes_of(2, 8) + string_bytes("w") + std::string("\3\0", 2) + '\1' +
                          string_bytes("w") + std::string("\3\0", 2) + '\1'},
      {"not in order", little + bytes_of(2, 8) + string_bytes("b") + none + string_bytes("a") + none + none},
  };
  for (const auto& [rule, contents] : cases) {
    InMemory calls(with_header(contents));
    const MostAllocated most;
    const std::string error = message_of([&] { load(calls, "bytes"); });
    CHECK_THAT(error, contains(rule) && contains("[load]"));
    CHECK(most.bytes() < (1U << 20));  // whatever the file says
  }
  // The same builder makes files that are read.
  CHECK(error_of(with_header(one_array(0, {1}, f32))).empty());
  CHECK(error_of(with_header(one_array(3, {2}, std::string("\1\0", 2)))).empty());
  CHECK(error_of(with_header(one_array(0, {0, huge}, ""))).empty());
}

TEST_CASE("Random contents behind a true header end in an error or in a checkpoint, never otherwise") {
  const Folder folder;
  std::uint64_t state = 1;
  const auto next = [&](std::uint64_t below) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    return (state >> 33) % below;
  };
  const std::string good = sample_bytes(folder).substr(header_size);
  int refused = 0;
  for (int round = 0; round < 3000; ++round) {
    std::string contents = good;
    for (std::uint64_t change = next(4) + 1; change > 0; --change) {
      const auto at = static_cast<std::size_t>(next(contents.size()));
      if (next(4) == 0) {
        contents.erase(at, static_cast<std::size_t>(next(20)));
      } else {
        contents[at] = static_cast<char>(next(3) == 0 ? 255 : next(256));
      }
    }
    InMemory calls(with_header(contents));
    const MostAllocated most;
    const std::string error = message_of([&] { load(calls, "bytes"); });
    if (!error.empty()) ++refused;
    REQUIRE(most.bytes() < (1U << 20));
  }
  CHECK(refused > 1000);
}

TEST_CASE("Each limit lets through what is at it and refuses what is above, loading and saving") {
  const Folder folder;
  Checkpoint checkpoint;
  checkpoint.texts = {{"abcd", "12345"}, {"b", ""}};
  checkpoint.arrays = {{"a", Array({DType::float32, {1, 2, 1}})}, {"b", Array({DType::boolean, {0}})}};
  for (float& x : checkpoint.arrays["a"].values<float>()) x = 1;
  save(folder.file("a"), checkpoint);
  const std::uint64_t bytes = read_bytes(folder.file("a")).size();
  const auto check = [&](std::uint64_t Limits::*cap, std::uint64_t value, const char* what) {
    Limits limits;
    limits.*cap = value;
    CHECK(same(load(folder.file("a"), limits), checkpoint));
    save(folder.file("b"), checkpoint, limits);
    CHECK(read_bytes(folder.file("b")) == read_bytes(folder.file("a")));
    limits.*cap = value - 1;
    CHECK_THROWS_WITH(load(folder.file("a"), limits), contains(what));
    CHECK_THROWS_WITH(save(folder.file("b"), Checkpoint(checkpoint), limits), contains(what));
    CHECK(read_bytes(folder.file("b")) == read_bytes(folder.file("a")));
  };
  check(&Limits::bytes, bytes, "bytes of the file");
  check(&Limits::arrays, 2, "number of arrays");
  check(&Limits::texts, 2, "number of texts");
  check(&Limits::rank, 3, "rank of 'a'");
  check(&Limits::name, 4, "bytes of a name");
  check(&Limits::text, 5, "bytes of");
}

TEST_CASE("The default limits are what the docs say, and they bind") {
  const Folder folder;
  Checkpoint checkpoint;
  checkpoint.texts[std::string(4096, 'n')] = "";
  save(folder.file("a"), checkpoint);
  CHECK(same(load(folder.file("a")), checkpoint));
  checkpoint.texts[std::string(4097, 'n')] = "";
  CHECK_THROWS_WITH(save(folder.file("a"), checkpoint), contains("at most 4096: got 4097"));

  Checkpoint text;
  text.texts["t"] = std::string(std::size_t{1} << 26, 't');
  save(folder.file("a"), text);
  CHECK(load(folder.file("a")).text("t").size() == std::size_t{1} << 26);
  text.texts["t"] += 't';
  CHECK_THROWS_WITH(save(folder.file("a"), text), contains("at most 67108864: got 67108865"));

  Checkpoint many;
  for (int i = 0; i < 100'000; ++i) many.arrays[fmt::format("{:06}", i)] = Array({DType::float32, {0}});
  save(folder.file("a"), many);
  CHECK(load(folder.file("a")).arrays.size() == 100'000);
  many.arrays["x"] = Array({DType::float32, {0}});
  CHECK_THROWS_WITH(save(folder.file("a"), many), contains("at most 100000: got 100001"));
  CHECK(load(folder.file("a")).arrays.size() == 100'000);
}

TEST_CASE("What cannot be read back is not written") {
  const Folder folder;
  Checkpoint checkpoint;
  checkpoint.arrays["undefined"];
  CHECK_THROWS_WITH(save(folder.file("a"), checkpoint), contains("'undefined'"));
  checkpoint.arrays.clear();
  checkpoint.texts[""] = "no name";
  CHECK_THROWS_WITH(save(folder.file("a"), checkpoint), contains("name is empty"));
  CHECK(folder.names().empty());
}

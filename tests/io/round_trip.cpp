#include "io/files.h"
#include "support/catch.h"

#include <sluice/io/checkpoint.h>
#include <sluice/io/checkpoint_json.h>
#include <sluice/io/checksum.h>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <thread>

using namespace sluice;
using namespace sluice::io;

TEST_CASE("A checkpoint is known by its first bytes") {
  const Folder folder;
  const std::string path = folder.file("a.ckpt");
  save(path, NamedVariables{{"w", Variable(ones({2}))}});
  std::ifstream file(path, std::ios::binary);
  std::string bytes(64, ' ');
  file.read(bytes.data(), 64);
  CHECK(is_checkpoint(bytes));
  CHECK(is_checkpoint(bytes.substr(0, 8)));
  CHECK_FALSE(is_checkpoint(bytes.substr(0, 7)));
  CHECK_FALSE(is_checkpoint("a text"));
  CHECK_FALSE(is_checkpoint(""));
}

TEST_CASE("The checksum is CRC-64/XZ, whole or in pieces") {
  CHECK(checksum("123456789", 9) == 0x995DC9BBDF1939FA);  // the published check value
  CHECK(checksum("", 0) == 0);
  const std::string text(1000, 'x');
  for (std::size_t cut : {0, 1, 7, 8, 9, 500, 1000}) {
    CHECK(checksum(text.data() + cut, text.size() - cut, checksum(text.data(), cut)) ==
          checksum(text.data(), text.size()));
  }
}

TEST_CASE("A checkpoint comes back with the same bits") {
  const Folder folder;
  const Checkpoint before = sample();
  save(folder.file("a"), before);
  const Checkpoint after = load(folder.file("a"));
  CHECK(same(before, after));
  CHECK(after.format == 1);
  CHECK(after.library_version == version);
  CHECK(after.text("configuration") == before.texts.at("configuration"));
  CHECK(folder.names() == std::vector<std::string>{"a"});
}

TEST_CASE("An empty checkpoint and one larger than every buffer come back") {
  const Folder folder;
  save(folder.file("empty"), Checkpoint{});
  CHECK(same(load(folder.file("empty")), Checkpoint{}));

  Checkpoint large;
  large.texts["text"] = std::string(300'000, 't');
  large.arrays["a"] = Array({DType::float32, {501, 203}});
  large.arrays["b"] = Array({DType::int32, {7}});
  for (float& x : large.arrays["a"].values<float>()) x = 0.5f;
  for (auto& x : large.arrays["b"].values<std::int32_t>()) x = 7;
  save(folder.file("large"), large);
  CHECK(same(load(folder.file("large")), large));
}

TEST_CASE("The same contents give the same bytes") {
  const Folder folder;
  save(folder.file("a"), sample());
  save(folder.file("b"), load(folder.file("a")));
  CHECK(read_bytes(folder.file("a")) == read_bytes(folder.file("b")));
}

TEST_CASE("A text that is not there is an error that names those that are") {
  CHECK_THROWS_WITH(sample().text("vocab"), contains("'vocab'") && contains("'vocabulary'"));
  CHECK_THROWS_WITH(Checkpoint{}.text("vocab"), contains("none"));
}

TEST_CASE("Saving into a folder that is not there, onto a folder or a device is a clear error") {
  const Folder folder;
  CHECK_THROWS_WITH(save(folder.file("no/model.ckpt"), sample()),
                    contains("[save]") && contains("no/model.ckpt") && contains("does not exist"));
  CHECK_THROWS_WITH(save(folder.path.string(), sample()), contains("regular file"));
  CHECK_THROWS_WITH(save(folder.path.string() + "/", sample()), contains("names no file"));
  CHECK_THROWS_WITH(save("", sample()), contains("names no file"));
  CHECK_THROWS_WITH(save("/dev/null", sample()), contains("regular file"));
  CHECK(std::filesystem::is_character_file("/dev/null"));
  CHECK(folder.names().empty());
}

TEST_CASE("Loading what is not there, a folder or a device is a clear error") {
  const Folder folder;
  CHECK_THROWS_WITH(load(folder.file("no.ckpt")),
                    contains("[load]") && contains("no.ckpt") && contains("no such file"));
  CHECK_THROWS_WITH(load(folder.path.string()), contains("regular file"));
  CHECK_THROWS_WITH(load("/dev/zero"), contains("regular file"));
}

TEST_CASE("A path with a zero byte is refused, not cut") {
  const Folder folder;
  const std::string cut = folder.file("a");
  const std::string path = cut + std::string("\0.ckpt", 6);
  save(cut, sample());
  const std::string refused = "a\\0.ckpt: a path cannot hold a zero byte";
  CHECK_THROWS_WITH(save(path, Checkpoint{}), contains("[save]") && contains(refused));
  CHECK_THROWS_WITH(load(path), contains("[load]") && contains(refused));
  CHECK_THROWS_WITH(save_json(path, Checkpoint{}), contains(refused));
  CHECK_THROWS_WITH(load_json(path), contains(refused));
  CHECK(same(load(cut), sample()));
  CHECK(folder.names().size() == 1);
}

TEST_CASE("A folder without permission is a clear error") {
  if (geteuid() == 0) return;  // root may write everywhere
  const Folder folder;
  std::filesystem::permissions(folder.path,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_exec);
  CHECK_THROWS_WITH(save(folder.file("a"), sample()), contains("Permission denied"));
  std::filesystem::permissions(folder.path, std::filesystem::perms::owner_all);
}

TEST_CASE("A new file has the permissions of the umask, a replaced one keeps its own") {
  const Folder folder;
  const auto mode_of = [&](const std::string& name) {
    struct stat status {};
    REQUIRE(stat(folder.file(name).c_str(), &status) == 0);
    return status.st_mode & 07777U;
  };
  const mode_t before = umask(027);
  save(folder.file("a"), sample());
  umask(before);
  CHECK(mode_of("a") == 0640U);
  REQUIRE(chmod(folder.file("a").c_str(), 0604) == 0);
  save(folder.file("a"), sample());
  CHECK(mode_of("a") == 0604U);
}

TEST_CASE("A symbolic link stays, and what it points to is replaced") {
  const Folder folder;
  std::filesystem::create_directory(folder.path / "there");
  std::filesystem::create_symlink("there/target", folder.path / "link");
  std::filesystem::create_symlink("link", folder.path / "link to link");
  save(folder.file("link to link"), Checkpoint{});  // dangling at first
  save(folder.file("link"), sample());
  CHECK(std::filesystem::is_symlink(folder.path / "link"));
  CHECK(std::filesystem::is_symlink(folder.path / "link to link"));
  CHECK(same(load(folder.file("there/target")), sample()));
  CHECK(folder.names() == std::vector<std::string>{"link", "link to link", "there"});

  std::filesystem::create_symlink("circle", folder.path / "circle");
  CHECK_THROWS_WITH(save(folder.file("circle"), sample()), contains("symbolic links"));
}

TEST_CASE("Another hard link keeps the old contents") {
  const Folder folder;
  Checkpoint old;
  old.texts["which"] = "old";
  save(folder.file("a"), old);
  std::filesystem::create_hard_link(folder.path / "a", folder.path / "kept");
  save(folder.file("a"), sample());
  CHECK(same(load(folder.file("a")), sample()));
  CHECK(load(folder.file("kept")).texts.at("which") == "old");
  CHECK(std::filesystem::hard_link_count(folder.path / "kept") == 1);
  CHECK(folder.names() == std::vector<std::string>{"a", "kept"});
}

TEST_CASE("A name as long as the system allows, and one without a folder, can be saved") {
  const Folder folder;
  const std::string longest(255, 'n');
  save(folder.file(longest), sample());
  CHECK(same(load(folder.file(longest)), sample()));
  CHECK_THROWS_WITH(save(folder.file(longest + "n"), sample()), contains("too long"));

  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path);
  save("here", sample());
  std::filesystem::current_path(before);
  CHECK(same(load(folder.file("here")), sample()));
}

TEST_CASE("Threads that save to one path leave one whole file") {
  const Folder folder;
  const auto number = [](int n) {
    Checkpoint checkpoint;
    checkpoint.arrays["n"] = Array({DType::int32, {20'000}});
    for (auto& x : checkpoint.arrays["n"].values<std::int32_t>()) x = n;
    return checkpoint;
  };
  std::vector<std::string> problems(2);
  std::vector<std::thread> threads;
  threads.reserve(2);
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      problems[static_cast<std::size_t>(t)] = message_of([&] {
        for (int i = 0; i < 40; ++i) {
          save(folder.file("a"), number(t));
          const Checkpoint now = load(folder.file("a"));
          const auto values = now.arrays.at("n").values<std::int32_t>();
          for (const auto value : values) {
            if (value != values.front()) throw Error("mixed");
          }
        }
      });
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(problems == std::vector<std::string>{"", ""});
  CHECK(folder.names() == std::vector<std::string>{"a"});
}

// Files of earlier formats stay readable: tests/io/data holds one of each, and none is ever written anew.
#include "io/files.h"
#include "support/catch.h"

#include <sluice/io/checkpoint.h>
#include <sluice/io/checkpoint_json.h>

using namespace sluice;
using namespace sluice::io;

TEST_CASE("A file of format 1 is read") {
  const std::string path = SLUICE_TEST_DATA "/io/data/format1.checkpoint";
  const Checkpoint checkpoint = load(path);
  CHECK(same(checkpoint, sample()));
  CHECK(checkpoint.format == 1);
  CHECK(checkpoint.library_version == "0.1.0");
}

TEST_CASE("A JSON file of format 1 is read") {
  const Checkpoint checkpoint = load_json(SLUICE_TEST_DATA "/io/data/format1.json");
  CHECK(same(checkpoint, sample()));
  CHECK(checkpoint.library_version == "0.1.0");
}

TEST_CASE("Format 1 is what is written, byte for byte") {
  const Folder folder;
  save(folder.file("a"), sample());
  std::string now = read_bytes(folder.file("a"));
  std::string then = read_bytes(SLUICE_TEST_DATA "/io/data/format1.checkpoint");
  // The header's library version, and with it the header's checksum, may differ.
  CHECK(now.substr(0, 16) == then.substr(0, 16));
  CHECK(now.substr(32, 16) == then.substr(32, 16));
  CHECK(now.substr(56) == then.substr(56));
}

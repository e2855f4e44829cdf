// The reader of checkpoints in JSON: any bytes. What is read can be written and read again.

#include "agreement.h"
#include "io/files.h"

#include <sluice/graph/error.h>
#include <sluice/io/checkpoint_file.h>

#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice::io;
  constexpr Limits limits{.bytes = 1 << 20, .arrays = 100, .texts = 100, .text = 1 << 16};
  Checkpoint checkpoint;
  try {
    InMemory file(std::string(reinterpret_cast<const char*>(data), size));
    checkpoint = load_json(file, "fuzz.json", limits);
  } catch (const sluice::Error&) {
    return 0;
  }
  InMemory file(to_json(checkpoint));
  if (!same(load_json(file, "again.json"), checkpoint))
    sluice::fuzz::report("read again it is another checkpoint");
  return 0;
}

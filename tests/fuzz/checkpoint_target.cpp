// The reader of checkpoint files: any bytes, and any contents behind a true header. What is read can be
// written and read again.

#include "agreement.h"
#include "io/files.h"

#include <sluice/graph/error.h>
#include <sluice/io/checkpoint_file.h>
#include <sluice/io/payload.h>

#include <cstdint>

namespace {

using namespace sluice;
using namespace sluice::io;

constexpr Limits limits{.bytes = 1 << 20, .arrays = 100, .texts = 100, .text = 1 << 16};

void read(const std::string& bytes) {
  Checkpoint checkpoint;
  try {
    InMemory file(bytes);
    checkpoint = load(file, "fuzz.ckpt", limits);
  } catch (const Error&) {
    return;
  }
  std::string payload;
  Sink sink([&](const char* written, std::size_t size) { payload.append(written, size); });
  write_payload(sink, checkpoint);
  sink.finish();
  InMemory file(with_header(payload));
  if (!same(load(file, "again.ckpt", limits), checkpoint))
    fuzz::report("read again it is another checkpoint");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  read(bytes);
  read(with_header(bytes));
  return 0;
}

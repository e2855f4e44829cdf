#include <sluice/io/checkpoint_file.h>
#include <sluice/io/envelope.h>
#include <sluice/io/payload.h>
#include <sluice/io/streams.h>

#include <algorithm>
#include <utility>

namespace sluice::io {

void save(FileCalls& calls, const std::string& path, const Checkpoint& checkpoint, const Limits& limits) {
  guard("save", path, [&] {
    require_within(checkpoint, limits);
    const Header header = header_for(checkpoint);
    require_at_most("the bytes of the file", header.size,
                    limits.bytes - std::min<std::uint64_t>(limits.bytes, header_size));
    Replacement file(calls, path);
    const HeaderBytes bytes = encode(header);
    file.write(bytes.data(), bytes.size());
    Sink sink([&](const char* piece, std::size_t size) { file.write(piece, size); });
    write_payload(sink, checkpoint);
    file.commit();
  });
}

Checkpoint load(FileCalls& calls, const std::string& path, const Limits& limits) {
  return guard("load", path, [&] {
    InputFile file(calls, path);
    const Header header = verify(file, limits);
    Source source(file, header_size, file.size());
    Checkpoint checkpoint = read_payload(source, limits);
    // The bytes parsed must be the bytes verified, even if somebody writes to the file meanwhile.
    if (source.finish() != header.sum) throw Refusal("the file changed while it was read; load it again");
    checkpoint.format = header.format;
    checkpoint.library_version = header.library_version;
    return checkpoint;
  });
}

void save(const std::string& path, const Checkpoint& checkpoint, const Limits& limits, Location where) {
  const sluice::detail::Call call(where);
  FileCalls calls;
  save(calls, path, checkpoint, limits);
}

void save(const std::string& path, const Parts& parts, std::map<std::string, std::string> texts,
          Location where) {
  const sluice::detail::Call call("save", where);
  save(path, collect(parts, std::move(texts)));
}

Checkpoint load(const std::string& path, const Limits& limits, Location where) {
  const sluice::detail::Call call(where);
  FileCalls calls;
  return load(calls, path, limits);
}

Loaded load(const std::string& path, const Parts& parts, const RestoreOptions& options, const Limits& limits,
            Location where) {
  const sluice::detail::Call call(where);
  Loaded loaded{load(path, limits), {}};
  guard("load", path, [&] { static_cast<Restored&>(loaded) = restore(loaded, parts, options); });
  return loaded;
}

}  // namespace sluice::io

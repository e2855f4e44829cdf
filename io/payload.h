#pragma once

#include <sluice/io/checkpoint.h>
#include <sluice/io/streams.h>

#include <cstdint>

/// The contents of a checkpoint file as cereal's portable binary, without the header in front.
namespace sluice::io {

/// Throws Refusal when the checkpoint breaks a limit or has an undefined array.
void require_within(const Checkpoint& checkpoint, const Limits& limits);
/// Throws Refusal when `value` is above `limit`; `what` says what of.
void require_at_most(std::string_view what, std::uint64_t value, std::uint64_t limit);
/// Throws Refusal for a name that is empty or too long.
void require_name(std::string_view name, const Limits& limits);

/// The same bytes for the same contents, always.
void write_payload(Sink& sink, const Checkpoint& checkpoint);

/// Reads up to the source's end. The bytes may be anything: whatever is wrong throws Refusal or cereal's
/// exception.
Checkpoint read_payload(Source& source, const Limits& limits);

}  // namespace sluice::io

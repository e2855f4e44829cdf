#pragma once

#include <sluice/io/checkpoint.h>
#include <sluice/io/streams.h>

#include <cstdint>

/// The contents of a checkpoint file as cereal's portable binary, without the header.
namespace sluice::io {

/// Throws Refusal if the checkpoint exceeds a limit or has an undefined array.
void require_within(const Checkpoint& checkpoint, const Limits& limits);
/// Throws Refusal if `value` is above `limit`; `what` names the quantity.
void require_at_most(std::string_view what, std::uint64_t value, std::uint64_t limit);
/// Throws Refusal for a name that is empty or too long.
void require_name(std::string_view name, const Limits& limits);

/// Deterministic: the same contents give the same bytes.
void write_payload(Sink& sink, const Checkpoint& checkpoint);

/// Reads up to the source's end. The bytes may be arbitrary: throws Refusal or cereal's exception for
/// whatever is wrong.
Checkpoint read_payload(Source& source, const Limits& limits);

}  // namespace sluice::io

#pragma once

#include <sluice/io/checkpoint.h>
#include <sluice/io/checkpoint_json.h>
#include <sluice/io/file.h>

#include <string>

/// save, load and load_json over replaceable system calls: for tests.
namespace sluice::io {

void save(FileCalls& calls, const std::string& path, const Checkpoint& checkpoint, const Limits& limits = {});
Checkpoint load(FileCalls& calls, const std::string& path, const Limits& limits = {});
Checkpoint load_json(FileCalls& calls, const std::string& path, const Limits& limits = {});

}  // namespace sluice::io

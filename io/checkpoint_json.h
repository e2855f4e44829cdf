#pragma once

#include <sluice/io/checkpoint.h>

#include <string>

/// Checkpoints as JSON, for people to read and for other programs. Three times the size, and slow: training
/// saves and loads the binary form of checkpoint.h.
///
///     {"library_version": "0.1.0", "format": 1, "checksum": "995dc9bbdf1939fa",
///      "texts": {"configuration": "..."},
///      "arrays": {"w": {"dtype": "f32", "shape": [2, 2], "values": [1.5, -0.0, "inf", "nan:7fc00001"]}}}
///
/// Numbers are the shortest that read back as the same bits; infinities are "inf" and "-inf", a NaN is given
/// with its bits. The checksum covers the contents, not the layout of the file: to change a value by hand,
/// remove the checksum.
namespace sluice::io {

struct JsonOptions {
  bool values = true;  ///< false: an overview, which cannot be loaded
};

/// Throws Error for names or texts that are not UTF-8, which JSON cannot represent.
std::string to_json(const Checkpoint& checkpoint, const JsonOptions& options = {},
                    Location where = Location::current());

/// Writes the text of to_json as save writes its file. Throws Error as save does.
void save_json(const std::string& path, const Checkpoint& checkpoint, const Limits& limits = {},
               Location where = Location::current());

/// Reads files of save_json, as strictly as load: Errors naming the path for unknown, missing and repeated
/// members, for values whose type or number does not match dtype and shape, and for a wrong checksum. Members
/// may come in any order, but dtype and shape before values.
Checkpoint load_json(const std::string& path, const Limits& limits = {},
                     Location where = Location::current());

}  // namespace sluice::io

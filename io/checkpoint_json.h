#pragma once

#include <sluice/io/checkpoint.h>

#include <string>

/// Checkpoints as JSON, for people to read and for other programs. Three times the size and slow: training
/// saves and loads the binary form of checkpoint.h.
///
///     {"library_version": "0.1.0", "format": 1, "checksum": "995dc9bbdf1939fa",
///      "texts": {"configuration": "..."},
///      "arrays": {"w": {"dtype": "f32", "shape": [2, 2], "values": [1.5, -0.0, "inf", "nan:7fc00001"]}}}
///
/// Numbers are the shortest that read back as the same bits; infinities are "inf" and "-inf", a NaN is given
/// with its bits. The checksum is over what the file means, not how it is laid out: whoever has changed a
/// value by hand takes the checksum out.
namespace sluice::io {

struct JsonOptions {
  bool values = true;  ///< without them: an overview, which cannot be loaded
};

/// Throws Error for names or texts that are not UTF-8, which JSON cannot hold.
std::string to_json(const Checkpoint& checkpoint, const JsonOptions& options = {},
                    Location where = Location::current());

/// Writes to_json's text the way save writes its file. Throws Error as save does.
void save_json(const std::string& path, const Checkpoint& checkpoint, const Limits& limits = {},
               Location where = Location::current());

/// Reads what save_json writes, as strictly as load: unknown, missing and repeated members, values of another
/// type or number than dtype and shape say, and a checksum that does not fit are Errors that name the path.
/// Members may come in any order, but dtype and shape before values.
Checkpoint load_json(const std::string& path, const Limits& limits = {},
                     Location where = Location::current());

}  // namespace sluice::io

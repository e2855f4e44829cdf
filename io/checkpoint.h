#pragma once

#include <sluice/graph/array.h>
#include <sluice/graph/variable.h>
#include <sluice/io/parts.h>
#include <sluice/version.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

/// Checkpoints: the complete state of a training in one file. docs/checkpoint.md describes the bytes and the
/// guarantees.
namespace sluice::io {

/// The newest format of the file that this library writes and reads. It reads all older ones.
inline constexpr std::uint32_t checkpoint_format = 1;

/// The contents of a checkpoint file. Arrays are Variables by name (parameters, optimiser state, step, random
/// keys, carried states); texts are the rest: vocabulary, configuration of the model, position in the data.
struct Checkpoint {
  std::map<std::string, Array> arrays;
  std::map<std::string, std::string> texts;
  std::uint32_t format = checkpoint_format;            ///< of the file it was loaded from
  std::string library_version = std::string(version);  ///< of the library that wrote that file

  /// The text with this name; throws Error listing the existing names if there is none.
  const std::string& text(const std::string& name, Location where = Location::current()) const;
};

/// Limits on the contents of a file. The defaults are far above legitimate use; a program that reads
/// untrusted files may lower them. save obeys the same limits, so that its files can be read.
struct Limits {
  std::uint64_t bytes = std::uint64_t{1} << 36;  ///< of the file: 64 GiB
  std::uint64_t arrays = 100'000;
  std::uint64_t texts = 100'000;
  std::uint64_t rank = 8;                       ///< axes of one array
  std::uint64_t name = 4096;                    ///< bytes of one name; a name has at least one
  std::uint64_t text = std::uint64_t{1} << 26;  ///< bytes of one text: 64 MiB
};

/// Copies the current values of the Variables. Throws Error for an undefined Variable and for a duplicate
/// name.
Checkpoint collect(const Parts& parts, std::map<std::string, std::string> texts = {},
                   Location where = Location::current());

/// How the names of a checkpoint and those of Variables are matched.
struct RestoreOptions {
  /// Variable "w" takes the array prefix + "w"; arrays without the prefix are ignored.
  std::string prefix = {};
  bool allow_unknown = false;  ///< allow arrays that no Variable takes (a model without its optimiser)
  bool allow_missing = false;  ///< allow Variables without an array: they stay unchanged (an enlarged model)
  /// Allow arrays of another shape or dtype than their Variables: those stay unchanged (a new vocabulary).
  bool allow_mismatch = false;
  /// Names, whole or up to a dot: "head" leaves "head" and "head.weight" unchanged, and ignores their arrays.
  std::vector<std::string> except = {};
};

/// What was done to each Variable, by its name without the prefix.
struct Restored {
  struct Skipped {
    std::string name;
    std::string why;  ///< "it is f32[2, 3] and the array f32[3, 2]"
  };
  std::vector<std::string> restored;
  std::vector<Skipped> skipped;  ///< unchanged, as the options allow
};

/// Assigns arrays to the Variables of the same names. Everything is checked before the first Variable
/// changes: an Error lists every array that is missing, unknown or of another shape or dtype, with both
/// specs, and every name in `except` that is none. Restoring no Variable at all, as with a mistyped prefix,
/// is always an Error.
Restored restore(const Checkpoint& checkpoint, const Parts& parts, const RestoreOptions& options = {},
                 Location where = Location::current());

/// Writes a checkpoint atomically: at every moment, even if the process is killed or the power fails, the
/// path holds the complete old file or the complete new one. A temporary file in the same folder is written,
/// synced and renamed over the path, then the folder is synced. Replaces the target of a symbolic link, not
/// the link; keeps the permissions of an existing file. Concurrent saves leave one complete file. Writes this
/// library's format and version, whatever `checkpoint` says. Throws Error (with the system's reason) on
/// failure; the old file is then unchanged, except in one case that the message names: the new file is in
/// place and only syncing the folder failed.
void save(const std::string& path, const Checkpoint& checkpoint, const Limits& limits = {},
          Location where = Location::current());
/// collect, then save.
void save(const std::string& path, const Parts& parts, std::map<std::string, std::string> texts = {},
          Location where = Location::current());

/// Whether a file with these bytes at its beginning is a checkpoint, whole or not, of any format.
bool is_checkpoint(std::string_view bytes);

/// Reads a checkpoint. Magic, format, lengths and checksums are verified before the contents are parsed, and
/// every size is compared with the remaining bytes before memory is allocated for it. Throws Error naming the
/// path and what is wrong.
Checkpoint load(const std::string& path, const Limits& limits = {}, Location where = Location::current());
/// A checkpoint, for its texts, and the names of the Variables restored from it.
struct Loaded : Checkpoint, Restored {};
/// load, then restore.
Loaded load(const std::string& path, const Parts& parts, const RestoreOptions& options = {},
            const Limits& limits = {}, Location where = Location::current());

}  // namespace sluice::io

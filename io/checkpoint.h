#pragma once

#include <sluice/graph/array.h>
#include <sluice/graph/variable.h>
#include <sluice/version.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// Checkpoints: everything a training is, in one file. docs/checkpoint.md describes the bytes and the
/// promises.
namespace sluice::io {

/// The newest format of the file that this library writes and reads. It reads all older ones.
inline constexpr std::uint32_t checkpoint_format = 1;

/// What a checkpoint file holds. Arrays are Variables by name (parameters, optimiser state, step, random
/// keys, carried states); texts are the rest: vocabulary, configuration of the model, position in the data.
struct Checkpoint {
  std::map<std::string, Array> arrays;
  std::map<std::string, std::string> texts;
  std::uint32_t format = checkpoint_format;            ///< of the file it was loaded from
  std::string library_version = std::string(version);  ///< of the library that wrote that file

  /// The text with this name; throws Error naming those that are there.
  const std::string& text(const std::string& name, Location where = Location::current()) const;
};

/// Caps on what a file may hold. The defaults are far above honest use; a program that reads files of
/// strangers may lower them. save keeps to the same caps, so that what was written can be read.
struct Limits {
  std::uint64_t bytes = std::uint64_t{1} << 36;  ///< of the file: 64 GiB
  std::uint64_t arrays = 100'000;
  std::uint64_t texts = 100'000;
  std::uint64_t rank = 8;                       ///< axes of one array
  std::uint64_t name = 4096;                    ///< bytes of one name; a name has at least one
  std::uint64_t text = std::uint64_t{1} << 26;  ///< bytes of one text: 64 MiB
};

/// Copies the values that the Variables hold now. Throws Error for an undefined Variable and for a name that
/// is given twice.
Checkpoint collect(const NamedVariables& variables, std::map<std::string, std::string> texts = {},
                   Location where = Location::current());

/// How the names of a checkpoint and those of Variables are matched.
struct RestoreOptions {
  /// Variable "w" takes the array prefix + "w"; arrays without the prefix are not looked at.
  std::string prefix = {};
  bool allow_unknown = false;  ///< arrays that no Variable takes are no error (a model without its optimiser)
  bool allow_missing = false;  ///< Variables that have no array keep their values (a model that has grown)
};

/// Gives the Variables the values of the arrays with their names, and returns the names of those that got
/// one: all of them, unless allow_missing is set. Everything is checked before the first Variable changes: an
/// Error lists every array that is missing, unknown or of another shape or dtype, with both. That no Variable
/// at all gets a value, as with a prefix that is mistyped, is an Error in any case.
std::vector<std::string> restore(const Checkpoint& checkpoint, const NamedVariables& variables,
                                 const RestoreOptions& options = {}, Location where = Location::current());

/// Writes a checkpoint so that at every moment, also when the process is killed or the power fails, the path
/// holds the old file or the new one, whole: a temporary file in the same folder is written, synced and
/// renamed over the path, then the folder is synced. Replaces what a symbolic link points to, not the link;
/// keeps the permissions of a file that is there. Concurrent saves leave one whole file. Writes this
/// library's format and version, whatever `checkpoint` says. Throws Error (with the system's reason) when
/// that fails; the old file is then unchanged, but for one case that the message names: the new file is in
/// place and only syncing the folder failed.
void save(const std::string& path, const Checkpoint& checkpoint, const Limits& limits = {},
          Location where = Location::current());
/// collect, then save.
void save(const std::string& path, const NamedVariables& variables,
          std::map<std::string, std::string> texts = {}, Location where = Location::current());

/// Reads a checkpoint. Magic, format, lengths and checksums are verified before the contents are looked at,
/// and every size is compared with the bytes that are left before memory is allocated for it. Throws Error
/// naming the path and what is wrong.
Checkpoint load(const std::string& path, const Limits& limits = {}, Location where = Location::current());
/// A checkpoint, for its texts, and the names of the Variables that have got their values from it.
struct Loaded : Checkpoint {
  std::vector<std::string> restored;
};
/// load, then restore.
Loaded load(const std::string& path, const NamedVariables& variables, const RestoreOptions& options = {},
            const Limits& limits = {}, Location where = Location::current());

}  // namespace sluice::io

#include "run_log.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <vector>

#include "settings.h"

namespace lm {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr std::string_view header = "step,epoch,seconds,train_nats,tokens_per_second,validation_nats";

[[noreturn]] void fail(const std::string& path, int error) {
  throw UserError(fmt::format("{}: cannot be written ({})", path, std::generic_category().message(error)));
}

/// The step of a line; nothing if it is not a complete line of a log.
std::optional<std::int64_t> step_of(const std::string& line, bool csv) {
  const ordered_json parsed =
      ordered_json::parse(csv ? "[" + line + (line.ends_with(',') ? "0]" : "]") : line, nullptr,
                          /*allow_exceptions=*/false);
  if (csv && parsed.is_array() && parsed.size() == 6 && parsed[0].is_number_integer()) return parsed[0];
  if (!csv && parsed.is_object() && parsed.contains("step") && parsed["step"].is_number_integer())
    return parsed["step"];
  return std::nullopt;
}

/// The lines of an existing log. Throws UserError if the file is not one.
std::vector<std::string> lines_of(const std::string& path, bool csv) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  const bool is_log =
      lines.empty() || (csv ? lines.front() == header : step_of(lines.front(), csv).has_value());
  if (!is_log) throw UserError(fmt::format("{}: is there and is no log; name another file for --log", path));
  return lines;
}

/// Removes the lines after `step`, through a new file, so that a log is never half lost.
void cut(const std::string& path, const std::vector<std::string>& lines, bool csv, std::int64_t step) {
  const std::string temporary = path + ".tmp";
  std::ofstream file(temporary, std::ios::trunc);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::optional<std::int64_t> own = step_of(lines[i], csv);
    if ((csv && i == 0) || (own && *own <= step)) file << lines[i] << '\n';
  }
  file.close();
  std::error_code error;
  if (!file) fail(path, errno);
  fs::rename(temporary, path, error);
  if (error) fail(path, error.value());
}

}  // namespace

RunLog::RunLog(const std::string& path, std::optional<std::int64_t> step)
    : path_(path), csv_(path.ends_with(".csv")) {
  if (!csv_ && !path.ends_with(".jsonl")) {
    throw UserError(fmt::format("--log names a file that ends in .csv or .jsonl: got {}", path));
  }
  bool fresh = true;
  if (fs::is_regular_file(path)) {
    const std::vector<std::string> lines = lines_of(path, csv_);
    fresh = lines.empty() || !step;
    if (!fresh) cut(path, lines, csv_, *step);
  }
  file_.reset(std::fopen(path.c_str(), fresh ? "w" : "a"));
  if (!file_) fail(path, errno);
  if (fresh && csv_) write(std::string(header) + "\n");
}

void RunLog::add(const LogLine& line) {
  if (csv_) {
    write(fmt::format("{},{},{:.3f},{},{:.1f},{}\n", line.step, line.epoch, line.seconds, line.train_nats,
                      line.tokens_per_second,
                      line.validation_nats ? fmt::format("{}", *line.validation_nats) : ""));
    return;
  }
  ordered_json object{{"step", line.step},
                      {"epoch", line.epoch},
                      {"seconds", line.seconds},
                      {"train_nats", line.train_nats},
                      {"tokens_per_second", line.tokens_per_second}};
  if (line.validation_nats) object["validation_nats"] = *line.validation_nats;
  write(object.dump() + "\n");
}

void RunLog::write(const std::string& text) {
  errno = 0;
  std::fwrite(text.data(), 1, text.size(), file_.get());
  if (std::fflush(file_.get()) != 0 || std::ferror(file_.get())) fail(path_, errno);
}

}  // namespace lm

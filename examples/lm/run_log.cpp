#include "run_log.h"

#include <fmt/format.h>
#include <sluice/io/file.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <type_traits>
#include <vector>

#include "settings.h"

namespace lm {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

std::string header() {
  std::string names;
  const LogLine line;
  LogLine::each(
      line, [&](const char* name, const auto&) { names += (names.empty() ? "" : ",") + std::string(name); });
  return names;
}

[[noreturn]] void fail(const std::string& path, int error) {
  throw UserError(fmt::format("{}: cannot be written ({})", path, std::generic_category().message(error)));
}

std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields(1);
  for (const char c : line) {
    if (c == ',')
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

/// A number, with nothing behind it; nothing for an empty field.
std::optional<double> number_in(const std::string& field) {
  if (field.empty()) return std::nullopt;
  char* end = nullptr;
  const double value = std::strtod(field.c_str(), &end);
  return *end == '\0' ? std::optional(value) : std::nullopt;
}

/// A line as it was added; nothing if it is not a complete one of a log.
std::optional<LogLine> parse(const std::string& text, bool csv) {
  const std::vector<std::string> fields = csv ? fields_of(text) : std::vector<std::string>();
  const ordered_json object =
      csv ? ordered_json() : ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (csv ? fields.size() != fields_of(header()).size() : !object.is_object()) return std::nullopt;
  LogLine line;
  std::size_t column = 0;
  bool is_complete = true;
  LogLine::each(line, [&]<class T>(const char* name, T& member) {
    std::optional<double> value;
    if (csv) {
      value = number_in(fields[column++]);
    } else if (const auto found = object.find(name); found != object.end() && found->is_number()) {
      value = found->template get<double>();
    }
    if constexpr (std::is_same_v<T, std::optional<double>>) {
      member = value;
    } else {
      is_complete = is_complete && value.has_value();
      member = static_cast<T>(value.value_or(0));
    }
  });
  return is_complete ? std::optional(line) : std::nullopt;
}

/// The lines of an existing log. Throws UserError if the file is not one.
std::vector<std::string> lines_of(const std::string& path, bool csv) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);)
    if (!file.eof()) lines.push_back(line);  // without its end it may be half a line
  const bool is_log =
      lines.empty() || (csv ? lines.front() == header() : parse(lines.front(), csv).has_value());
  if (!is_log) throw UserError(fmt::format("{}: is there and is no log; name another file", path));
  return lines;
}

/// Removes the lines after `step`. The old log is replaced as a whole, so it is never half lost.
void cut(const std::string& path, const std::vector<std::string>& lines, bool csv, std::int64_t step) {
  std::string kept;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const std::optional<LogLine> line = parse(lines[i], csv);
    if ((csv && i == 0) || (line && line->step <= step)) kept += lines[i] + '\n';
  }
  try {
    sluice::io::FileCalls calls;
    sluice::io::Replacement file(calls, path);
    file.write(kept.data(), kept.size());
    file.commit();
  } catch (const sluice::io::Refusal& refusal) {
    throw UserError(fmt::format("{}: cannot be written ({})", path, refusal.what()));
  }
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
  if (fresh && csv_) write(header() + "\n");
}

void RunLog::add(const LogLine& line) {
  std::string fields;
  ordered_json object;
  LogLine::each(line, [&]<class T>(const char* name, const T& member) {
    if constexpr (std::is_same_v<T, std::optional<double>>) {
      if (member) object[name] = *member;
      fields += member ? fmt::format("{},", *member) : ",";
    } else {
      object[name] = member;
      fields += fmt::format("{},", member);
    }
  });
  fields.pop_back();
  write((csv_ ? fields : object.dump()) + "\n");
}

void RunLog::write(const std::string& text) {
  errno = 0;
  std::fwrite(text.data(), 1, text.size(), file_.get());
  if (std::fflush(file_.get()) != 0 || std::ferror(file_.get())) fail(path_, errno);
}

std::vector<LogLine> read_log(const std::string& path) {
  if (!fs::is_regular_file(path)) throw UserError(fmt::format("{}: there is no such log", path));
  const bool csv = path.ends_with(".csv");
  std::vector<LogLine> lines;
  for (const std::string& text : lines_of(path, csv))
    if (const std::optional<LogLine> line = parse(text, csv)) lines.push_back(*line);
  if (lines.empty()) throw UserError(fmt::format("{}: the log has no lines", path));
  return lines;
}

bool is_log(std::string_view content) {
  const std::string line(content.substr(0, std::min(content.find('\n'), std::size_t{4096})));
  if (line == header()) return true;
  return parse(line, false).has_value();
}

}  // namespace lm

#include <fmt/format.h>

#include <cstddef>
#include <unordered_set>
#include <utility>

#include <sluice/data/csv.h>
#include <sluice/graph/error.h>
#include <sluice/io/file.h>
#include <sluice/data/shown.inl>

namespace sluice::data {
namespace {

constexpr char quote = '"';

/// Takes a text apart, once from left to right.
class CsvParser {
 public:
  CsvParser(std::string source, std::string text, const CsvOptions& options) : options_(options) {
    table_.source = std::move(source);
    table_.bytes = std::move(text);
    table_.missing = options.missing;
    bytes_ = table_.bytes;
  }

  detail::TableContents parse() {
    check_options();
    if (bytes_.starts_with("\xFF\xFE") || bytes_.starts_with("\xFE\xFF"))
      refuse(1, "a text must be UTF-8", "UTF-16", "convert it, with iconv for instance");
    if (bytes_.starts_with("\xEF\xBB\xBF")) at_ = 3;
    while (at_ < bytes_.size()) {
      if (!line_end()) row();
    }
    if (table_.lines.empty())
      refuse(line_, "there must be a row", "none", "was the file written to its end?");
    name_columns();
    return std::move(table_);
  }

 private:
  void check_options() const {
    const char separator = options_.separator;
    if (separator != quote && separator != '\r' && separator != '\n') return;
    refuse(1, "a separator must be neither a quote nor the end of a line",
           detail::shown_text({&separator, 1}), "choose another one");
  }

  void row() {
    const std::size_t line = line_;
    const std::size_t before = table_.fields.size();
    field();
    while (at_ < bytes_.size() && !line_end()) {
      ++at_;  // a separator
      field();
    }
    const std::size_t count = table_.fields.size() - before;
    if (before == 0) columns_ = count;
    if (count != columns_) {
      refuse(line, fmt::format("a row must have {} fields, as the first one has", columns_),
             fmt::to_string(count),
             fmt::format("put fields with a {} inside in quotes, or name the right separator",
                         detail::shown_text({&options_.separator, 1})));
    }
    table_.lines.push_back(line);
  }

  void field() {
    if (at_ < bytes_.size() && bytes_[at_] == quote) return quoted_field();
    const std::size_t begin = at_;
    while (at_ < bytes_.size() && !ends_field(bytes_[at_])) ++at_;
    table_.fields.push_back({begin, at_ - begin});
  }

  /// What the field stands for takes its place in the text: it is shorter.
  void quoted_field() {
    const std::size_t begin = at_++, line = line_;
    std::size_t end = begin;
    for (;;) {
      if (at_ == bytes_.size())
        refuse(line, "a field that begins with a quote must end with one", "the end of the text",
               "add the quote");
      if (bytes_[at_] == quote) {
        ++at_;
        if (at_ == bytes_.size() || bytes_[at_] != quote) break;
      }
      const char byte = bytes_[at_++];
      // A CR LF counts when its LF does.
      if (byte == '\n' || (byte == '\r' && !bytes_.substr(at_).starts_with('\n'))) ++line_;
      table_.bytes[end++] = byte;
    }
    if (at_ < bytes_.size() && !ends_field(bytes_[at_])) {
      refuse(line_, "a field must end with its second quote",
             detail::shown_text(bytes_.substr(at_)) + " behind it",
             "write a quote that is part of the field twice");
    }
    table_.fields.push_back({begin, end - begin});
  }

  bool ends_field(char byte) const { return byte == options_.separator || byte == '\n' || byte == '\r'; }

  /// Moves behind the end of a line, if one is here.
  bool line_end() {
    if (bytes_[at_] != '\n' && bytes_[at_] != '\r') return false;
    at_ += bytes_.substr(at_).starts_with("\r\n") ? 2 : 1;
    ++line_;
    return true;
  }

  void name_columns() {
    std::unordered_set<std::string_view> seen;
    for (std::size_t c = 0; c < columns_; ++c) {
      const std::string_view name = table_.text(table_.fields[c]);
      table_.names.push_back(options_.header ? std::string(name) : fmt::to_string(c));
      if (options_.header && !seen.insert(name).second)
        refuse(table_.lines[0], "columns must have different names", detail::shown_text(name) + " twice",
               "rename one");
    }
    if (!options_.header) return;
    table_.lines.erase(table_.lines.begin());
    table_.fields.erase(table_.fields.begin(), table_.fields.begin() + static_cast<std::ptrdiff_t>(columns_));
  }

  [[noreturn]] void refuse(std::size_t line, std::string_view rule, std::string_view got,
                           std::string_view advice) const {
    throw Error(fmt::format("{}{}: {}: got {}; {}", table_.source, line, rule, got, advice));
  }

  CsvOptions options_;
  detail::TableContents table_;
  std::string_view bytes_;  // of the table
  std::size_t at_ = 0;      // the next byte
  std::size_t line_ = 1;    // that it is in
  std::size_t columns_ = 0;
};

}  // namespace

Table read_csv(const std::string& path, const CsvOptions& options, Location where) {
  const sluice::detail::Call call("read_csv", where);
  std::string text = io::guard("read_csv", path, [&] {
    io::FileCalls calls;
    io::InputFile file(calls, path);
    std::string bytes(static_cast<std::size_t>(file.size()), '\0');
    file.read(bytes.data(), bytes.size(), 0);
    return bytes;
  });
  return Table(CsvParser(fmt::format("[read_csv] {}:", path), std::move(text), options).parse());
}

Table parse_csv(std::string_view text, const CsvOptions& options, Location where) {
  const sluice::detail::Call call("parse_csv", where);
  return Table(CsvParser("[parse_csv] line ", std::string(text), options).parse());
}

}  // namespace sluice::data

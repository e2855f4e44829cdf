#pragma once

#include <sluice/data/table.h>
#include <sluice/graph/call.h>

#include <string>
#include <string_view>

namespace sluice::data {

/// How a table is written, and what may be in it.
struct CsvOptions {
  char separator = ',';
  bool header = true;   ///< the first row names the columns; false: they are called "0", "1", ...
  bool missing = true;  ///< a missing number is read as NaN; false: it is an Error
};

/// Reads a table from a file as RFC 4180 describes it: rows of fields between separators. A field may be in
/// quotes ("), and may then hold separators, ends of lines and, written twice, quotes. Lines end with LF, CR
/// LF or CR; empty ones are skipped. The text is UTF-8, with or without a mark at its beginning, or any other
/// superset of ASCII.
///
/// Throws Error "[read_csv] path:line: ..." for a row with more or fewer fields than the first, a quote that
/// does not end or ends before its field, two columns of one name, no row at all and UTF-16, and Error
/// "[read_csv] path: ..." for a file that cannot be read.
Table read_csv(const std::string& path, const CsvOptions& options = {}, Location where = Location::current());

/// The same for a text: "[parse_csv] line 3: ...".
Table parse_csv(std::string_view text, const CsvOptions& options = {}, Location where = Location::current());

}  // namespace sluice::data

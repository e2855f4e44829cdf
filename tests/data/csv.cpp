#include <sluice/data/csv.h>

#include <array>
#include <clocale>
#include <cmath>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include <sluice/graph/error.h>

#include "support/catch.h"
#include "support/folder.h"

using namespace sluice;
using data::parse_csv;
using data::read_csv;
using data::Table;
using Texts = std::vector<std::string>;

namespace {

std::string message_of(std::string_view text, const data::CsvOptions& options = {}) {
  try {
    parse_csv(text, options);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

}  // namespace

TEST_CASE("A table has named columns of numbers and of text") {
  const test::Folder folder;
  const Table table =
      read_csv(folder.with("d.csv", "area,rooms,city\n70.5,3,Bern\n-1e2,+4,Lyon\n 5 ,0,Bern\n"));
  CHECK(table.names() == Texts{"area", "rooms", "city"});
  CHECK(table.rows() == 3);
  CHECK(table.has("city"));
  CHECK_FALSE(table.has("cit"));
  CHECK(table.column("area") == std::vector<double>{70.5, -100, 5});
  CHECK(table.column_text("area") == Texts{"70.5", "-1e2", " 5 "});
  const Tensor x = table.tensor({"rooms", "area"});
  CHECK(x.shape() == Shape{3, 2});
  CHECK(x.to_vector() == std::vector<float>{3, 70.5, 4, -100, 0, 5});
  CHECK(table.tensor({"area"}, DType::float64).to_vector<double>() == table.column("area"));
  CHECK(table.tensor({"rooms"}, DType::int32).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{3, 4, 0});
  const data::Classes city = table.classes("city");
  CHECK(city.ids.to_vector<std::int32_t>() == std::vector<std::int32_t>{0, 1, 0});
  CHECK(city.names == Texts{"Bern", "Lyon"});
  const data::Classes known = table.classes("city", {"Rome", "Lyon", "Bern"});
  CHECK(known.ids.to_vector<std::int32_t>() == std::vector<std::int32_t>{2, 1, 2});
}

TEST_CASE("Quotes hold separators, ends of lines and quotes") {
  const Table table = parse_csv("a,b\r\n\"x,\"\"y\"\"\",\"two\r\nlines\"\r\n\"\",5\" disk\r\n");
  CHECK(table.column_text("a") == Texts{"x,\"y\"", ""});
  CHECK(table.column_text("b") == Texts{"two\r\nlines", "5\" disk"});
}

TEST_CASE("Lines may end in three ways, and the last one need not end") {
  for (const std::string end : {"\n", "\r\n", "\r"}) {
    const Table table = parse_csv(
        "\xEF\xBB\xBF"
        "a;b" +
            end + "1;2" + end + end + "3;4",
        {.separator = ';'});
    CHECK(table.names() == Texts{"a", "b"});
    CHECK(table.tensor({"a", "b"}).to_vector() == std::vector<float>{1, 2, 3, 4});
  }
}

TEST_CASE("Tables without a header, without rows, with one column, with an empty last field") {
  const Table plain = parse_csv("1\t2\n3\t4\n", {.separator = '\t', .header = false});
  CHECK(plain.names() == Texts{"0", "1"});
  CHECK(plain.tensor(plain.names()).to_vector() == std::vector<float>{1, 2, 3, 4});
  CHECK(parse_csv("a,b").tensor({"a", "b"}).shape() == Shape{0, 2});
  CHECK(parse_csv("a\n1\n2").column("a") == std::vector<double>{1, 2});
  CHECK(parse_csv("a,b\n1,").column_text("b") == Texts{""});
  CHECK(parse_csv("a,b\n,\n").column_text("a") == Texts{""});
}

TEST_CASE("Missing numbers are NaN, or an Error where there should be none") {
  const std::string text = "a\n1\n\"\"\nNA\nN/A\nNaN\nnan\nnull\nNULL\n \t\n";
  const std::vector<double> numbers = parse_csv(text).column("a");
  REQUIRE(numbers.size() == 9);
  CHECK(numbers[0] == 1);
  for (std::size_t i = 1; i < numbers.size(); ++i) CHECK(std::isnan(numbers[i]));
  CHECK(std::isnan(parse_csv(text).tensor({"a"}).to_vector()[1]));
  const Table strict = parse_csv(text, {.missing = false});
  CHECK_THROWS_WITH(strict.column("a"), contains("[parse_csv] line 3: column 'a' must have a number"));
  CHECK_THROWS_WITH(parse_csv("a\n1\nNA").tensor({"a"}, DType::int32), contains("line 3:"));
}

TEST_CASE("Numbers are read in full, whatever the locale") {
  const std::string text =
      "a\n0.1\n-0\n.5\n5.\n1E+3\ninf\n-Infinity\n1e-400\n-1e-400\n12345678901234567890\n";
  const auto read = [&] { return parse_csv(text).column("a"); };
  const std::vector<double> numbers = read();
  constexpr double inf = std::numeric_limits<double>::infinity();
  CHECK(numbers == std::vector<double>{0.1, 0, .5, 5, 1000, inf, -inf, 0, 0, 12345678901234567890.});
  CHECK(std::signbit(numbers[1]));
  CHECK(std::signbit(numbers[8]));
  for (const char* locale : {"de_DE.UTF-8", "fr_FR.UTF-8"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    CHECK(read() == numbers);
    std::setlocale(LC_ALL, "C");
  }
  for (const std::string bad :
       {"abc", "1,5", "1.5x", "0x10", "--1", "+-1", "+", "1e400", "1 2", "e5", "\xFF"}) {
    INFO(bad);
    CHECK_THROWS_WITH(parse_csv("a\n\"" + bad + "\"").column("a"),
                      contains("column 'a' must be a number: got"));
  }
  CHECK_THROWS_WITH(parse_csv("a\n1e39").tensor({"a"}), contains("f32 can hold: got '1e39'"));
  for (const std::string bad : {"1.5", "2147483648", "inf"})
    CHECK_THROWS_WITH(parse_csv("a\n" + bad).tensor({"a"}, DType::int32),
                      contains("whole number of 32 bits"));
  CHECK(parse_csv("a\n-2147483648\n2147483647\n3.0").tensor({"a"}, DType::int32).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{-2147483647 - 1, 2147483647, 3});
}

TEST_CASE("Errors name the line, also behind fields of several lines") {
  const test::Folder folder;
  const std::string path = folder.with("d.csv", "t,price\n\"a\nb\",1\n\nc,abc\n");
  CHECK_THROWS_WITH(read_csv(path).column("price"),
                    contains("[read_csv] " + path + ":5: column 'price' must be a number: got 'abc'; "));
  CHECK(message_of("a,b\n1,2\n\"x\r\ny\",2,3\n") ==
        "[parse_csv] line 3: a row must have 2 fields, as the first one has: got 3; put fields with a ',' "
        "inside in "
        "quotes, or name the right separator");
  CHECK_THAT(message_of("a\n1\n\"\r\r\n\n\"x"),
             contains("line 6: a field must end with its second quote: got 'x'"));
  CHECK_THAT(message_of("a\n1\n\"x\n\n"),
             contains("line 3: a field that begins with a quote must end with one"));
  CHECK_THAT(message_of("a\n\""), contains("line 2: a field that begins"));
  CHECK_THAT(message_of("\n\na,b,a\n"), contains("line 3: columns must have different names: got 'a' twice"));
  CHECK_THAT(message_of(""), contains("line 1: there must be a row: got none"));
  CHECK_THAT(message_of("\xEF\xBB\xBF\n\n"), contains("there must be a row"));
  CHECK_THAT(message_of(std::string_view("\xFF\xFE"
                                         "a\0",
                                         4)),
             contains("UTF-16"));
  CHECK_THAT(message_of("a", {.separator = '\n'}), contains("got '\\x0a'"));
  CHECK_THROWS_WITH(read_csv(folder.file("none")),
                    contains("[read_csv] " + folder.file("none") + ": there is no such"));
  const std::string wide(100, 'x');
  CHECK_THROWS_WITH(parse_csv("a\n" + wide).column("a"), contains("got '" + wide.substr(0, 40) + "...';"));
  const std::string umlauts = "x" + std::string("ü") + "üüüüüüüüüüüüüüüüüüüüü";
  CHECK_THROWS_WITH(parse_csv("a\n" + umlauts).column("a"), contains("ü...';"));
}

TEST_CASE("Any bytes make a table or an Error") {
  std::mt19937 random(3);
  constexpr std::array<char, 12> bytes{',', ',', '"', '"', '\n', '\n', '\r', 'a', '1', '\0', '\xFF', ' '};
  int tables = 0, errors = 0;
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (auto size = random() % 12; size > 0; --size) text += bytes[random() % bytes.size()];
    try {
      const Table table = parse_csv(text, {.header = false});
      ++tables;
      for (const std::string& name : table.names()) {
        std::size_t size = 0;
        for (const std::string& field : table.column_text(name)) size += field.size();
        REQUIRE(size <= text.size());
      }
    } catch (const Error&) {
      ++errors;
    }
  }
  CHECK(tables > 2000);
  CHECK(errors > 2000);
}

TEST_CASE("What was written with quotes is read back") {
  std::mt19937 random(5);
  constexpr std::array<char, 7> bytes{',', '"', '\n', '\r', 'a', ' ', '\xC3'};
  for (int round = 0; round < 500; ++round) {
    std::vector<Texts> columns(1 + random() % 3);
    std::string text;
    const auto rows = 1 + random() % 4;
    for (std::size_t row = 0; row < rows; ++row) {
      for (Texts& column : columns) {
        std::string field, quoted;
        for (auto size = random() % 6; size > 0; --size) field += bytes[random() % bytes.size()];
        for (const char byte : field) quoted += byte == '"' ? std::string("\"\"") : std::string(1, byte);
        column.push_back(field);
        text += '"' + quoted + '"' + (&column == &columns.back() ? "\r\n" : ",");
      }
    }
    const Table table = parse_csv(text, {.header = false});
    for (std::size_t c = 0; c < columns.size(); ++c)
      REQUIRE(table.column_text(table.names()[c]) == columns[c]);
  }
}

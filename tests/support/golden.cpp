#include "support/golden.h"

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <utility>

namespace sluice::test {
namespace {

using Json = nlohmann::ordered_json;  // keeps the order of the file

[[noreturn]] void fail(const std::string& where, const std::string& what) {
  throw std::runtime_error("[golden] " + where + ": " + what);
}

const Json& json_of(const std::shared_ptr<const void>& value) {
  return *static_cast<const Json*>(value.get());
}

/// The entry `key` of an object or of a list, or null.
const Json* child(const Json& node, const std::string& key) {
  if (node.is_object()) {
    const auto found = node.find(key);
    return found == node.end() ? nullptr : &*found;
  }
  const bool digits =
      !key.empty() && key.size() < 10 && key.find_first_not_of("0123456789") == std::string::npos;
  if (!node.is_array() || !digits) return nullptr;
  const std::size_t position = std::stoul(key);
  return position < node.size() ? &node[position] : nullptr;
}

/// The node at `path`, or null.
const Json* find(const Json& root, std::string_view path) {
  const Json* node = &root;
  while (node != nullptr && !path.empty()) {
    const std::size_t end = path.find('/');
    node = child(*node, std::string(path.substr(0, end)));
    path = end == std::string_view::npos ? std::string_view{} : path.substr(end + 1);
  }
  return node;
}

std::string joined(const std::string& where, std::string_view path) {
  return path.empty() ? where : where + "/" + std::string(path);
}

const Json& get(const Json& root, const std::string& where, std::string_view path) {
  const Json* node = find(root, path);
  if (node == nullptr) fail(where, "there is no '" + std::string(path) + "'");
  return *node;
}

bool is_number(const Json& node) {
  if (node.is_number() || node.is_boolean()) return true;
  return node.is_string() && (node == "inf" || node == "-inf" || node == "nan");
}

double number_of(const Json& node, const std::string& where) {
  if (!is_number(node)) fail(where, std::string("expected a number, found ") + node.type_name());
  if (node.is_boolean()) return node.get<bool>() ? 1 : 0;
  if (node.is_number()) return node.get<double>();
  if (node == "nan") return std::numeric_limits<double>::quiet_NaN();
  return node == "inf" ? std::numeric_limits<double>::infinity() : -std::numeric_limits<double>::infinity();
}

/// Adds the numbers of nested lists; every list of one depth must have the length that `shape` says.
void flatten(const Json& node, std::size_t depth, Array& array, const std::string& where) {
  if (depth == array.shape.size()) {
    array.data.push_back(number_of(node, where));
    return;
  }
  if (!node.is_array() || node.size() != static_cast<std::size_t>(array.shape[depth])) {
    fail(where, "the lists inside differ in length");
  }
  for (const Json& item : node) flatten(item, depth + 1, array, where);
}

Array nested(const Json& node, const std::string& where) {
  Array array;
  for (const Json* level = &node; level->is_array(); level = &level->front()) {
    array.shape.push_back(static_cast<std::int64_t>(level->size()));
    if (level->empty()) break;
  }
  flatten(node, 0, array, where);
  return array;
}

Array shaped(const Json& node, const std::string& where) {
  Array array;
  std::int64_t count = 1;
  for (const Json& size : get(node, where, "shape")) {
    array.shape.push_back(size.get<std::int64_t>());
    count *= array.shape.back();
  }
  for (const Json& value : get(node, where, "data")) array.data.push_back(number_of(value, where));
  if (static_cast<std::int64_t>(array.data.size()) != count) {
    fail(where, "the shape asks for " + std::to_string(count) + " numbers, data holds " +
                    std::to_string(array.data.size()));
  }
  return array;
}

}  // namespace

Record::Record(std::shared_ptr<const void> value, std::string where)
    : value_(std::move(value)), where_(std::move(where)) {}

Record Record::read(const std::filesystem::path& file) {
  std::ifstream stream(file);
  if (!stream) fail(file.string(), "cannot open the file");
  try {
    return {std::make_shared<const Json>(Json::parse(stream)), file.filename().string()};
  } catch (const nlohmann::json::exception& error) {
    fail(file.string(), error.what());
  }
}

bool Record::has(std::string_view path) const { return find(json_of(value_), path) != nullptr; }

Record Record::at(std::string_view path) const {
  const Json& node = get(json_of(value_), where_, path);
  return {std::shared_ptr<const void>(value_, &node), joined(where_, path)};
}

Array Record::array(std::string_view path) const {
  const Json& node = get(json_of(value_), where_, path);
  const std::string where = joined(where_, path);
  if (node.is_object()) return shaped(node, where);
  if (node.is_array()) return nested(node, where);
  fail(where, std::string("expected an array, found ") + node.type_name());
}

double Record::number(std::string_view path) const {
  return number_of(get(json_of(value_), where_, path), joined(where_, path));
}

std::int64_t Record::integer(std::string_view path) const {
  const double value = number(path);
  const bool whole = std::abs(value) < 0x1p53 && value == std::floor(value);
  if (!whole) fail(joined(where_, path), "expected a whole number, found " + std::to_string(value));
  return static_cast<std::int64_t>(value);
}

bool Record::flag(std::string_view path) const {
  const Json& node = get(json_of(value_), where_, path);
  if (!node.is_boolean())
    fail(joined(where_, path), std::string("expected true or false, found ") + node.type_name());
  return node.get<bool>();
}

std::string Record::text(std::string_view path) const {
  const Json& node = get(json_of(value_), where_, path);
  if (!node.is_string())
    fail(joined(where_, path), std::string("expected a text, found ") + node.type_name());
  return node.get<std::string>();
}

std::vector<std::string> Record::texts(std::string_view path) const {
  std::vector<std::string> result;
  for (const Record& item : items(path)) result.push_back(item.text());
  return result;
}

std::vector<std::string> Record::keys(std::string_view path) const {
  const Json& node = get(json_of(value_), where_, path);
  if (!node.is_object())
    fail(joined(where_, path), std::string("expected an object, found ") + node.type_name());
  std::vector<std::string> result;
  for (const auto& item : node.items()) result.push_back(item.key());
  return result;
}

std::vector<Record> Record::items(std::string_view path) const {
  const Record list = at(path);
  const Json& node = json_of(list.value_);
  if (!node.is_array()) fail(list.where_, std::string("expected a list, found ") + node.type_name());
  std::vector<Record> result;
  for (std::size_t i = 0; i < node.size(); ++i) result.push_back(list.at(std::to_string(i)));
  return result;
}

Golden::Golden(Record file) : file_(std::move(file)), names_(file_.keys("cases")) {}

Golden Golden::open(std::string_view file) {
  return Golden(Record::read(std::filesystem::path(SLUICE_TEST_DATA) / "golden" / file));
}

Record Golden::at(const std::string& name) const { return file_.at("cases").at(name); }

std::optional<std::filesystem::path> vectors_folder() {
  const char* set = std::getenv("SLUICE_VECTORS");
  const bool named = set != nullptr && *set != '\0';
  const std::filesystem::path folder =
      named ? std::filesystem::path(set) : std::filesystem::path(SLUICE_TEST_DATA) / "../../shared/vectors";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

std::optional<Record> open_vectors(std::string_view file) {
  const auto folder = vectors_folder();
  if (!folder) return std::nullopt;
  return Record::read(*folder / file);
}

std::string vectors_absent() {
  return "skipped: the conformance vectors are absent; set SLUICE_VECTORS to the folder that holds webnn, "
         "tflite, ctc "
         "and safetensors";
}

}  // namespace sluice::test

#include <sluice/io/checkpoint_file.h>
#include <sluice/io/envelope.h>
#include <sluice/io/json_array.h>
#include <sluice/io/payload.h>
#include <sluice/io/streams.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <istream>
#include <optional>
#include <set>
#include <utility>

namespace sluice::io {
namespace {

using Json = nlohmann::json;

/// Where in the file the parser is: inside an object or list, or (after a name) before a value.
enum class Place {
  start,
  top,     // the members of the file
  texts,   // the texts
  arrays,  // the arrays
  array,   // the members of an array
  shape,   // its lengths
  values,  // its values
  end,     // after everything
  version_value,
  format_value,
  sum_value,
  texts_value,
  text_value,
  arrays_value,
  array_value,
  dtype_value,
  shape_value,
  values_value,
};

/// Handles the parser's events: nothing is built but the checkpoint itself, so memory is proportional to the
/// file, numbers are seen as written, and repeated members are detected.
class Handler : public nlohmann::json_sax<Json> {
 public:
  explicit Handler(const Limits& limits) : limits_(limits) {}

  Checkpoint finish() {
    for (const char* member : {"library_version", "format", "texts", "arrays"}) {
      if (members_.count(member) == 0) throw Refusal(fmt::format("the member '{}' is missing", member));
    }
    require_within(checkpoint_, limits_);
    const std::uint64_t sum = header_for(checkpoint_).sum;
    if (sum_.value_or(sum) != sum) {
      throw Refusal(
          fmt::format("the contents are damaged: their checksum is {:016x}, the file says {:016x}; if they "
                      "were changed on purpose, take the member 'checksum' out",
                      sum, *sum_));
    }
    return std::move(checkpoint_);
  }

  bool start_object(std::size_t) override {
    switch (place_) {
      case Place::start:
        return go(Place::top);
      case Place::texts_value:
        return go(Place::texts);
      case Place::arrays_value:
        return go(Place::arrays);
      case Place::array_value:
        array_.emplace(name_, std::min<std::uint64_t>(limits_.rank, Shape::max_rank));
        return go(Place::array);
      default:
        unexpected("an object");
    }
  }

  bool end_object() override {
    if (place_ == Place::top) return go(Place::end);
    if (place_ != Place::array) return go(Place::top);
    checkpoint_.arrays.emplace(name_, array_->finish());
    return go(Place::arrays);
  }

  bool key(std::string& key) override {
    if (place_ == Place::top) return top_member(key);
    if (place_ == Place::array) return array_member(key);
    require_name(key, limits_);
    const bool text = place_ == Place::texts;
    if (text ? checkpoint_.texts.count(key) > 0 : checkpoint_.arrays.count(key) > 0) {
      throw Refusal(fmt::format("a name is there twice: '{}'", key));
    }
    const std::size_t count = 1 + (text ? checkpoint_.texts.size() : checkpoint_.arrays.size());
    require_at_most(text ? "the number of texts" : "the number of arrays", count,
                    text ? limits_.texts : limits_.arrays);
    name_ = key;
    return go(text ? Place::text_value : Place::array_value);
  }

  bool string(std::string& value) override {
    switch (place_) {
      case Place::version_value:
        require_at_most("the bytes of library_version", value.size(), 16);
        checkpoint_.library_version = value;
        return go(Place::top);
      case Place::sum_value:
        sum_ = hexadecimal(value);
        return go(Place::top);
      case Place::text_value:
        require_at_most(fmt::format("the bytes of the text '{}'", name_), value.size(), limits_.text);
        checkpoint_.texts.emplace(name_, std::move(value));
        return go(Place::texts);
      case Place::dtype_value:
        array_->set_dtype(value);
        return go(Place::array);
      case Place::values:
        array_->add_special(value);
        return true;
      default:
        unexpected("a string");
    }
  }

  bool start_array(std::size_t) override {
    if (place_ == Place::shape_value) return go(Place::shape);
    if (place_ == Place::values_value) return go(Place::values);
    unexpected("a list");
  }

  bool end_array() override {
    if (place_ == Place::shape) array_->end_shape();
    return go(Place::array);
  }

  bool number_unsigned(std::uint64_t value) override {
    switch (place_) {
      case Place::format_value:
        require_known(static_cast<std::uint32_t>(std::min<std::uint64_t>(value, 0xFFFFFFFF)),
                      checkpoint_.library_version);
        return go(Place::top);
      case Place::shape:
        array_->add_length(value);
        return true;
      case Place::values:
        array_->add(value);
        return true;
      default:
        unexpected("a number");
    }
  }
  bool number_integer(std::int64_t value) override {
    if (place_ != Place::values) unexpected("a negative number");
    array_->add(value);
    return true;
  }
  bool number_float(double, const std::string& digits) override {
    if (place_ != Place::values) unexpected("a number with a fraction");
    array_->add_digits(digits);
    return true;
  }
  bool boolean(bool value) override {
    if (place_ != Place::values) unexpected("true or false");
    array_->add(value);
    return true;
  }

  bool null() override { unexpected("null"); }
  bool binary(Json::binary_t&) override { unexpected("binary data"); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    throw Refusal(fmt::format("the file is no JSON, or is damaged at byte {}: {}", position, error.what()));
  }

 private:
  bool go(Place place) {
    place_ = place;
    return true;
  }

  [[noreturn]] void unexpected(std::string_view what) const {
    throw Refusal(fmt::format("{} is where it does not belong{}", what,
                              name_.empty() ? "" : fmt::format(", in or after '{}'", name_)));
  }

  bool top_member(const std::string& key) {
    if (!members_.insert(key).second) throw Refusal(fmt::format("the member '{}' is there twice", key));
    if (key == "library_version") return go(Place::version_value);
    if (key == "format") return go(Place::format_value);
    if (key == "checksum") return go(Place::sum_value);
    if (key == "texts") return go(Place::texts_value);
    if (key == "arrays") return go(Place::arrays_value);
    throw Refusal(fmt::format("the member '{}' is unknown", key));
  }

  bool array_member(const std::string& key) {
    array_->begin(key);
    if (key == "dtype") return go(Place::dtype_value);
    if (key == "shape") return go(Place::shape_value);
    if (key == "values") return go(Place::values_value);
    throw Refusal(fmt::format("'{}' has the unknown member '{}'", name_, key));
  }

  const Limits& limits_;
  Checkpoint checkpoint_;
  Place place_ = Place::start;
  std::set<std::string> members_;  // members of the file seen so far
  std::optional<std::uint64_t> sum_;
  std::string name_;  // of the current text or array
  std::optional<JsonArray> array_;
};

}  // namespace

Checkpoint load_json(FileCalls& calls, const std::string& path, const Limits& limits) {
  return guard("load_json", path, [&] {
    InputFile file(calls, path);
    require_at_most("the bytes of the file", file.size(), limits.bytes);
    Source source(file, 0, file.size());
    std::istream stream(&source);
    Handler handler(limits);
    Json::sax_parse(stream, &handler);
    return handler.finish();
  });
}

Checkpoint load_json(const std::string& path, const Limits& limits, Location where) {
  const sluice::detail::Call call(where);
  FileCalls calls;
  return load_json(calls, path, limits);
}

}  // namespace sluice::io

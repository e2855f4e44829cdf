#include <sluice/io/checkpoint_json.h>
#include <sluice/io/checksum.h>
#include <sluice/io/envelope.h>
#include <sluice/io/payload.h>
#include <sluice/io/streams.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstring>
#include <string_view>

namespace sluice::io {
namespace {

using Take = std::function<void(std::string_view)>;

std::string quoted(const std::string& text) {
  try {
    return nlohmann::json(text).dump();
  } catch (const nlohmann::json::type_error&) {
    throw Refusal("a name or text is not UTF-8, which JSON cannot hold; use save for the binary form");
  }
}

void append_value(std::string& out, bool value) { out += value ? "true" : "false"; }
void append_value(std::string& out, std::int32_t value) {
  fmt::format_to(std::back_inserter(out), "{}", value);
}

template <class Real, class Bits>
void append_real(std::string& out, Real value) {
  if (std::isnan(value)) {
    Bits bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    fmt::format_to(std::back_inserter(out), "\"nan:{:x}\"", bits);
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"inf\"" : "\"-inf\"";
  } else if (value == 0 && std::signbit(value)) {
    out += "-0.0";  // parsers read "-0" as an integer, which has no sign
  } else {
    fmt::format_to(std::back_inserter(out), "{}", value);
  }
}
void append_value(std::string& out, float value) { append_real<float, std::uint32_t>(out, value); }
void append_value(std::string& out, double value) { append_real<double, std::uint64_t>(out, value); }

/// One line per row: the last axis longer than 1.
void write_values(const Array& array, const Take& take) {
  with_type(array.dtype(), [&](auto type) {
    const auto values = array.values<decltype(type)>();
    std::size_t row = 1;
    for (Index axis = array.shape().rank() - 1; axis >= 0 && row <= 1; --axis) {
      row = static_cast<std::size_t>(array.shape()[axis]);
    }
    std::string out;
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) out += i % row == 0 ? ",\n      " : ", ";
      append_value(out, values[i]);
      if (out.size() > 4096) {
        take(out);
        out.clear();
      }
    }
    take(out);
  });
}

void write_json(const Checkpoint& checkpoint, const JsonOptions& options, const Take& take) {
  const Header header = header_for(checkpoint);
  take(fmt::format("{{\n  \"library_version\": {},\n  \"format\": {},\n", quoted(header.library_version),
                   header.format));
  if (options.values) take(fmt::format("  \"checksum\": \"{:016x}\",\n", header.sum));
  take("  \"texts\": {");
  std::string_view comma = "\n";
  for (const auto& [name, text] : checkpoint.texts) {
    take(fmt::format("{}    {}: {}", comma, quoted(name), quoted(text)));
    comma = ",\n";
  }
  take("\n  },\n  \"arrays\": {");
  comma = "\n";
  for (const auto& [name, array] : checkpoint.arrays) {
    std::string shape = array.shape().text();
    take(fmt::format("{}    {}: {{\"dtype\": \"{}\", \"shape\": {}", comma, quoted(name),
                     name_of(array.dtype()), shape));
    if (options.values) {
      take(", \"values\": [");
      write_values(array, take);
      take("]");
    }
    take("}");
    comma = ",\n";
  }
  take("\n  }\n}\n");
}

}  // namespace

std::string to_json(const Checkpoint& checkpoint, const JsonOptions& options, Location where) {
  const sluice::detail::Call call(where);
  std::string json;
  guard("to_json", "the checkpoint", [&] {
    require_within(checkpoint, {});
    write_json(checkpoint, options, [&](std::string_view piece) { json += piece; });
  });
  return json;
}

void save_json(const std::string& path, const Checkpoint& checkpoint, const Limits& limits, Location where) {
  const sluice::detail::Call call(where);
  guard("save_json", path, [&] {
    require_within(checkpoint, limits);
    FileCalls calls;
    Replacement file(calls, path);
    std::uint64_t size = 0;
    Sink sink([&](const char* bytes, std::size_t count) {
      require_at_most("the bytes of the file", size += count, limits.bytes);
      file.write(bytes, count);
    });
    write_json(checkpoint, {}, [&](std::string_view piece) {
      sink.sputn(piece.data(), static_cast<std::streamsize>(piece.size()));
    });
    sink.finish();
    file.commit();
  });
}

}  // namespace sluice::io

#include "support/catch.h"

#include <sluice/sluice.h>

#include <functional>

using namespace sluice;

namespace {

/// What is wrong with a file is told as "[who] path: what is wrong (folder/file.cpp:line)".
void refuses_file(const std::string& who, const std::string& part, const std::function<void()>& call,
                  Location where = Location::current()) {
  std::string text = "accepted";
  try {
    call();
  } catch (const Error& error) {
    text = error.what();
  }
  INFO("line " << where.line);
  CHECK(text.rfind("[" + who + "] ", 0) == 0);
  CHECK_THAT(text, contains(part));
  CHECK_THAT(text, contains("(refusals/io.cpp:" + std::to_string(where.line) + ")"));
}

}  // namespace

TEST_CASE("what the io room refuses names the line") {
  const Variable v(ones({2}));
  const NamedVariables named{{"v", v}};
  const NamedVariables twice{{"v", v}, {"v", v}};
  const NamedVariables unmade{{"v", Variable()}};
  const io::Checkpoint empty;
  io::Checkpoint latin;
  latin.texts["x"] = "\xFF";
  const std::string none = "/no/such/file";
  refuses_file("load", "/no/such/file: there is no such file", [&] { io::load(none); });
  refuses_file("load", "there is no such file", [&] { io::load(none, named); });
  refuses_file("load_json", "there is no such file", [&] { io::load_json(none); });
  refuses_file("save", "/no/such/file", [&] { io::save(none, named); });
  refuses_file("save", "/no/such/file", [&] { io::save(none, empty); });
  refuses_file("save_json", "/no/such/file", [&] { io::save_json(none, empty); });
  refuses_file("to_json", "not UTF-8", [&] { io::to_json(latin); });
  refuses_file("collect", "got 'v' twice", [&] { io::collect(twice); });
  refuses_file("collect", "got 'v' without one", [&] { io::collect(unmade); });
  refuses_file("restore", "'v' f32[2] is missing", [&] { io::restore(empty, named); });
  const io::RestoreOptions typo{.except = {"w"}};
  refuses_file("restore", "'w' in .except names no", [&] { io::restore(io::collect(named), named, typo); });
  const nn::Linear linear(2, 2, random::key(1));
  const std::shared_ptr<nn::Linear> none_made;
  refuses_file("members", "Variable 'key', which has none", [&] { io::save(none, {{"key", Variable()}}); });
  refuses_file("members", "an empty one inside ''", [&] { io::save(none, {{"", linear}}); });
  refuses_file("members", "a null pointer for 'model'", [&] { io::save(none, {{"model", none_made}}); });
  const Variable w(ones({2}));
  refuses_file("parts", "got 'v' twice", [&] { io::load(none, {{"v", v}, {"v", w}}); });
  refuses_file("checkpoint", "got 'x', and there are: none", [&] { empty.text("x"); });
}

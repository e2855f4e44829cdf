#include "support/refused.h"

#include "support/catch.h"

namespace sluice::test {

void check_refused(const std::function<void()>& f, const std::string& text, Location where) {
  const std::string line = where.text();
  const std::string file = line.substr(0, line.rfind(':') + 1);
  std::string said = "nothing";
  try {
    f();
  } catch (const Error& error) {
    said = error.what();
  }
  CAPTURE(said, text, file);
  CHECK(said.find(text) != std::string::npos);
  CHECK(said.find(file) != std::string::npos);
}

}  // namespace sluice::test

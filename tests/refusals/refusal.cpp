#include "refusals/refusal.h"
#include "support/catch.h"

#include <cstdlib>
#include <exception>
#include <regex>

namespace {

constexpr int lines_of_a_check = 4;

/// What is wrong with the text of an error; empty if nothing is.
std::string fault(const std::string& text, const std::string& who, const std::string& part,
                  sluice::Location where) {
  static const std::regex form(R"(\[([^\]]+)\] ([^]*): got ([^]*); ([^]*) \(([^()]+):(\d+)\))");
  std::smatch match;
  if (!std::regex_match(text, match, form)) return "not [who] rule: got values; what to do (file:line)";
  if (match[1] != who) return "names " + match[1].str() + ", not " + who;
  if (text.find(part) == std::string::npos) return "does not say: " + part;
  if (std::string(where.file).find(match[5].str()) == std::string::npos) return "names another file";
  if (std::abs(std::atoi(match[6].str().c_str()) - where.line) > lines_of_a_check)
    return "names another line";
  return {};
}

}  // namespace

void refuses(const std::string& who, const std::string& part, const std::function<void()>& call,
             sluice::Location where) {
  std::string text = "accepted";
  std::string wrong = "throws no sluice::Error";
  try {
    call();
  } catch (const sluice::Error& error) {
    text = error.what();
    wrong = fault(text, who, part, where);
  } catch (const std::exception& error) {
    text = error.what();
  }
  INFO("line " << where.line << ": " << text);
  CHECK(wrong == "");
}

#include <sluice/data/progress.h>

#include <algorithm>
#include <ios>
#include <sstream>
#include <string>

#include <sluice/graph/error.h>

#include "support/catch.h"

using namespace sluice;
using data::Progress;
using data::TimeLeft;

TEST_CASE("Durations are written for people") {
  CHECK(data::duration_text(0.4) == "0 s");
  CHECK(data::duration_text(59.6) == "1 min 00 s");
  CHECK(data::duration_text(260) == "4 min 20 s");
  CHECK(data::duration_text(3 * 3600 + 5 * 60 + 59) == "3 h 05 min");
  CHECK(data::duration_text(-3) == "0 s");
  CHECK(data::duration_text(1e300) == "277777777 h 46 min");
}

TEST_CASE("The time left follows the recent rate and leaves the first step out") {
  TimeLeft time(100);
  CHECK_FALSE(time.seconds_left());
  time.update(1, 50);  // it compiled
  CHECK_FALSE(time.per_second());
  time.update(2, 52);
  CHECK(time.per_second() == Approx(0.5));
  CHECK(time.seconds_left() == Approx(196));
  double now = 52;
  for (Index done = 3; done <= 50; ++done) time.update(done, now += 10);  // five times slower
  CHECK(time.per_second() == Approx(0.1).epsilon(0.01));
  time.update(60, now + 1e4);
  CHECK(time.per_second() == Approx(0.001));  // a pause that long is all that is recent
  time.update(100, now + 2e4);
  CHECK(time.seconds_left() == 0.);
  TimeLeft unknown(0);
  unknown.update(1, 0);
  unknown.update(3, 1);
  CHECK(unknown.per_second() == Approx(2));
  CHECK_FALSE(unknown.seconds_left());
}

TEST_CASE("A terminal has one line that is rewritten, at most five times a second, and fits") {
  std::ostringstream out;
  double now = 0;
  {
    Progress progress(out, 1000, {.terminal = true, .width = 40, .clock = [&] { return now; }});
    progress.step(1, "loss 2.50");
    CHECK(out.str() == "\r1/1000  loss 2.50\x1b[K");
    out.str("");
    for (Index done = 2; done <= 101; ++done) {
      now += 0.01;
      progress.step(done, "loss 1.25\n");
    }
    const std::string shown = out.str();
    CHECK(std::count(shown.begin(), shown.end(), '\r') == 5);
    CHECK_THAT(shown, Catch::EndsWith("/1000  loss 1.25   100/s  9 s left\x1b[K"));
    out.str("");
    now += 1;
    progress.step(201, "ä text that is much too long for a line of that width");
    CHECK(out.str() == "\r201/1000  ä text that   100/s  8 s left\x1b[K");
    out.str("");
    progress.print("saved");
    CHECK(out.str() == "\r\x1b[Ksaved\n");
    out.str("");
    now += 7.99;
    progress.step(1000, "loss 1.00");
    CHECK(out.str() == "\r1000/1000  loss 1.00  100/s  10 s\x1b[K\n");
    out.str("");
  }
  CHECK(out.str() == "");  // the last line stays
  {
    Progress stopped(out, 10, {.terminal = true, .clock = [&] { return now; }});
    stopped.step(1);
    out.str("");
  }
  CHECK(out.str() == "\r\x1b[K");
}

TEST_CASE("A log has lines, ever further apart") {
  std::ostringstream out;
  double now = 0;
  Progress progress(out, 0, {.clock = [&] { return now; }});
  for (Index done = 1; done <= 36000; ++done) {
    now += 1;
    progress.step(done);
  }
  const std::string log = out.str();
  const auto lines = std::count(log.begin(), log.end(), '\n');
  CHECK(lines > 50);
  CHECK(lines < 200);
  CHECK(log.substr(0, 13) == "5  1/s  5 s\n1");
  CHECK(log.find('\r') == std::string::npos);
}

TEST_CASE("A stream that fails is ignored") {
  std::ostringstream out;
  out.exceptions(std::ios::badbit);
  Progress progress(out, 2, {.terminal = true});
  CHECK_THROWS(out.setstate(std::ios::badbit));
  CHECK_NOTHROW(progress.step(1));
  CHECK_NOTHROW(progress.print("x"));
}

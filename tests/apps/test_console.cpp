#include "apps/console.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>

#include "apps/printable.h"

using namespace thorax;

TEST_CASE("console: numbers as people write them") {
  CHECK(with_commas(0) == "0");
  CHECK(with_commas(999) == "999");
  CHECK(with_commas(3993) == "3,993");
  CHECK(with_commas(-1234567) == "-1,234,567");
  CHECK(with_commas(-123) == "-123");
  CHECK(with_commas(INT64_MIN) == "-9,223,372,036,854,775,808");
  CHECK(fixed(0.18434, 4) == "0.1843");
  CHECK(fixed(-0.5, 0) == "0");
  CHECK(fixed(-0.0004, 3) == "0.000");
  CHECK(fixed(-0.0006, 3) == "-0.001");
  CHECK(fixed(-HUGE_VAL, 3) == "-inf");
  CHECK(fixed(1e300, 1).size() == 303);
}

TEST_CASE("console: bytes in three digits") {
  CHECK(human_bytes(0) == "0 B");
  CHECK(human_bytes(999) == "999 B");
  CHECK(human_bytes(1000) == "1.00 kB");
  CHECK(human_bytes(1'210'000'000) == "1.21 GB");
  CHECK(human_bytes(9'994'000) == "9.99 MB");
  CHECK(human_bytes(9'996'000) == "10.0 MB");
  CHECK(human_bytes(99'960'000) == "100 MB");
  CHECK(human_bytes(999'600'000) == "1.00 GB");
  CHECK(human_bytes(std::numeric_limits<int64_t>::max()) == "9223 PB");
}

TEST_CASE("console: lengths of time") {
  CHECK(human_seconds(0) == "0:00");
  CHECK(human_seconds(59.4) == "0:59");
  CHECK(human_seconds(59.6) == "1:00");
  CHECK(human_seconds(358) == "5:58");
  CHECK(human_seconds(3599.7) == "1:00:00");
  CHECK(human_seconds(3723) == "1:02:03");
  CHECK(human_seconds(-1) == "?");
  CHECK(human_seconds(std::numeric_limits<double>::infinity()) == "?");
  CHECK(human_seconds(std::numeric_limits<double>::quiet_NaN()) == "?");
}

TEST_CASE("console: the progress line takes what the terminal has") {
  const ProgressView view{"epoch  3/10", 2208, 3993, 11.23, "loss 0.1843  lr 0.0041"};
  CHECK(progress_text(view, 0, true) == "epoch  3/10  2,208/3,993  11.2 images/s  2:39 left  loss 0.1843  lr 0.0041");
  CHECK(progress_text(view, 120, false) ==
        "epoch  3/10  #############...........  2,208/3,993  11.2 images/s  2:39 left  loss 0.1843  lr 0.0041");
  const std::string at_80 = progress_text(view, 80, true);
  CHECK(at_80 ==
        "epoch  3/10  \u2588\u2588\u2588\u2588\u2588\u2591\u2591\u2591\u2591\u2591  2,208/3,993  11.2/s  2:39 left  loss 0.1843  "
        "lr 0.0041");
  for (size_t width = 20; width < 200; ++width) {
    CAPTURE(width);
    CHECK(columns(progress_text(view, width, true)) < width);
    CHECK(columns(progress_text(view, width, true)) == columns(progress_text(view, width, false)));
  }
  CHECK(progress_text(view, 70, true).find("  2,208/3,993  11.2/s  2:39 left") != std::string::npos);
}

TEST_CASE("console: the ends of a progress line") {
  CHECK(progress_text({"predicting", 0, 12, 0, ""}, 80, false) == "predicting  ........................  0/12");
  CHECK(progress_text({"predicting", 12, 12, 3, ""}, 80, false) ==
        "predicting  ########################  12/12  3.0/s  0:00 left");
  CHECK(progress_text({"predicting", 0, 0, 0, ""}, 80, false) == "predicting  ........................  0/0");
  CHECK(progress_text({"x", 20, 12, 0, ""}, 40, false) == "x  ##########  20/12");
}

TEST_CASE("console: no colour where stderr is no terminal") {
  CHECK(painted(Paint::red, "thorax:").find("thorax:") != std::string::npos);
  set_color(false);
  CHECK(painted(Paint::red, "thorax:") == "thorax:");
  set_color(true);
}

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>

#include "tensor/error.h"
#include "tensor/json.h"

using namespace thorax;

TEST_CASE("json: what is well formed is read") {
  const Json json = parse_json(R"( {"a" : [1, -2.5e3, true, null, "x\n\u00e9\ud83e\udec1\"\\\/"], "b":{}, "c":[]} )", "t");
  REQUIRE(json.kind == Json::Kind::object);
  const Json& list = *json.find("a");
  CHECK(list.items[0].integer() == 1);
  CHECK(list.items[1].number() == -2500.0);
  CHECK_FALSE(list.items[1].integer());
  CHECK(list.items[2].text == "true");
  CHECK(std::isnan(*list.items[3].number()));
  CHECK(list.items[4].text == "x\né\U0001FAC1\"\\/");
  CHECK(json.find("b")->items.empty());
  CHECK(json.find("d") == nullptr);
  CHECK_FALSE(parse_json("9223372036854775808", "t").integer());
  CHECK(parse_json("9223372036854775807", "t").integer() == std::numeric_limits<int64_t>::max());
  CHECK_FALSE(parse_json("1e999", "t").number());
}

TEST_CASE("json: what is not is refused") {
  using namespace std::string_literals;
  const std::string bad[] = {"",
                             " ",
                             "{",
                             "}",
                             "[1,]",
                             "[,]",
                             "[1 2]",
                             R"({"a"})",
                             R"({"a":})",
                             R"({"a":1,})",
                             R"({a:1})",
                             "01",
                             "-",
                             "1.",
                             ".5",
                             "1e",
                             "+1",
                             "nul",
                             "truee",
                             "[1]x",
                             "\"",
                             "\"\\\"",
                             "\"\\x\"",
                             "\"\\u12\"",
                             "\"\\u12g4\"",
                             "\"\\ud800\"",
                             "\"\\ud800\\u0041\"",
                             "\"\\udc00\"",
                             "\"\n\"",
                             "\"\0\""s,
                             "\0"s,
                             "NaN",
                             "\"\x80\"",
                             "\"\xc0\x80\"",
                             "\"\xed\xa0\x80\"",
                             "\"\xf4\x90\x80\x80\"",
                             "\"\xe2\x82\"",
                             "\xef\xbb\xbf{}",
                             "'a'",
                             R"({"a":1,"a":2})",
                             R"({"a":1,"\u0061":2})",
                             "[1]//c"};
  for (const std::string& text : bad) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_json(text, "t"), Error);
  }
}

TEST_CASE("json: depth and number of values are bounded") {
  const auto nested = [](size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  CHECK_NOTHROW(parse_json(nested(32), "t"));
  CHECK_THROWS_AS(parse_json(nested(33), "t"), Error);
  CHECK_THROWS_AS(parse_json(std::string(1000000, '['), "t"), Error);
  CHECK_NOTHROW(parse_json("[1,2]", "t", {.values = 3}));
  CHECK_THROWS_AS(parse_json("[1,2,3]", "t", {.values = 3}), Error);
}

TEST_CASE("json: numbers and strings survive a round trip") {
  for (const double x : {0.0, -0.0, 1.0, 100000.0, 0.1, -1.0 / 3, 1e300, 5e-324, 0x1p53, 123456789012345.0}) {
    const double back = *parse_json(json_number(x), "t").number();
    CHECK(back == x);
    CHECK(std::signbit(back) == std::signbit(x));
  }
  CHECK(json_number(100000) == "100000");
  CHECK(json_number(std::nan("")) == "null");
  CHECK(json_number(std::numeric_limits<double>::infinity()) == "null");
  std::string text = "\"\\/é\U0001FAC1";
  for (char c = 0; c < 0x20; ++c) text += c;
  CHECK(parse_json(json_quote(text + '\x7f'), "t").text == text + '\x7f');
}

TEST_CASE("json: every damaged byte of a document is read or refused, never more") {
  const std::string good = R"({"k":[1,-2.5e-3,"\u00e9\ud83e\udec1é",true,null],"o":{"p":{}}})";
  for (size_t i = 0; i < good.size(); ++i) {
    for (int byte = 0; byte < 256; ++byte) {
      std::string text = good;
      text[i] = static_cast<char>(byte);
      try {
        parse_json(text, "t");
      } catch (const Error& error) {
        REQUIRE(error.fault() == Fault::input);
      }
    }
    CHECK_THROWS_AS(parse_json(good.substr(0, i), "t"), Error);
  }
}

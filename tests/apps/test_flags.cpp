#include "apps/flags.h"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

#include "apps/printable.h"
#include "apps/verbs.h"
#include "tensor/error.h"
#include "tests/temporary_folder.h"

using namespace thorax;

namespace {

Flags example() {
  return Flags("train", "--data TABLE [flags]", "Trains.",
               {
                   {"data", "TABLE", "the table of images", ""},
                   {"labels", "A,B,...", "label columns", ""},
                   {"size", "PIXELS", "side of the network's input", "512"},
                   {"lr", "X", "lowest learning rate", "0.001"},
                   {"fit", "stretch|pad", "how an image becomes a square", "stretch"},
                   {"out", "RUN", "the run folder to make", ""},
                   {"flip", "", "mirror every second image", ""},
                   {"quiet", "", "no progress", ""},
               },
               {"thorax train --data labels.csv"}, true);
}

Flags parsed(const std::vector<std::string>& arguments) {
  Flags flags = example();
  flags.parse(arguments);
  return flags;
}

// "what | hint" of the Error that a call throws.
template <class Call>
std::string error_of(Call call) {
  try {
    call();
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::input);
    return e.hint().empty() ? std::string(e.what()) : std::string(e.what()) + " | " + e.hint();
  }
  return "no error";
}

std::string parse_error(const std::vector<std::string>& arguments) {
  return error_of([&] { parsed(arguments); });
}

std::filesystem::path written(const test::TemporaryFolder& folder, const std::string& text) {
  std::ofstream(folder.path() / "config.toml") << text;
  return folder.path() / "config.toml";
}

}  // namespace

TEST_CASE("flags: defaults, both spellings of a value, switches, short names, words") {
  const Flags none = parsed({});
  CHECK(none.integer("size", 1, 4096) == 512);
  CHECK(none.number("lr", 0, 1) == 0.001);
  CHECK_FALSE(none.on("flip"));
  CHECK_FALSE(none.given("size"));
  CHECK(none.positionals().empty());

  const Flags all = parsed({"a.png", "--size", "96", "--lr=1e-2", "--flip", "-o", "run", "-q", "--data=", "--", "--size", "-x"});
  CHECK(all.integer("size", 1, 4096) == 96);
  CHECK(all.number("lr", 0, 1) == 0.01);
  CHECK(all.on("flip"));
  CHECK(all.on("quiet"));
  CHECK(all.text("out") == "run");
  CHECK(all.given("data"));
  CHECK(all.text("data").empty());
  CHECK(all.positionals() == std::vector<std::string>{"a.png", "--size", "-x"});

  CHECK(parsed({"--size", "1", "--size", "2"}).text("size") == "2");
  CHECK_FALSE(parsed({"--flip", "--flip=false"}).on("flip"));
  CHECK(parsed({"--lr", "-0.5"}).number("lr", -1, 1) == -0.5);
  CHECK(parsed({"-"}).positionals() == std::vector<std::string>{"-"});  // a single dash is a word
}

TEST_CASE("flags: what is refused on the command line") {
  CHECK(parse_error({"--sise", "3"}) == "no flag --sise; did you mean --size?");
  CHECK(parse_error({"--learning-rate", "3"}) == "no flag --learning-rate; did you mean --lr?");
  CHECK(parse_error({"--learning_rate=3"}) == "no flag --learning_rate; did you mean --lr?");
  CHECK(parse_error({"--halp"}) == "no flag --halp; did you mean --help?");
  CHECK(parse_error({"--zzzzzz"}) == "no flag --zzzzzz | thorax train --help lists them");
  CHECK(parse_error({"--"}) == "no error");
  CHECK(parse_error({"-x"}) == "no flag -x | flags have long names, but for -h, -o and -q");
  CHECK(parse_error({"--size"}) == "--size needs a value: PIXELS");
  CHECK(parse_error({"--out", "--flip"}) == "--out needs a value: RUN | --out=VALUE takes one that begins with --");
  CHECK(parse_error({"--flip=3"}) == "--flip is a switch; it takes no value");
  Flags no_words("phantom", "", "", {}, {}, false);
  CHECK(error_of([&] { no_words.parse({"word"}); }) ==
        "phantom: \"word\" is not expected here | thorax phantom --help has examples");
}

TEST_CASE("flags: numbers are whole, in range, and nothing else") {
  for (const char* wrong : {"", " 1", "1 ", "1x", "0x10", "1.0", "1e3", "+1", "0", "101", "99999999999999999999"}) {
    CAPTURE(wrong);
    const Flags flags = parsed({str("--size=", wrong)});
    CHECK(error_of([&] { flags.integer("size", 1, 100); }) ==
          str("--size is \"", wrong, "\"; a whole number from 1 to 100 is expected"));
  }
  for (const char* wrong : {"", "nan", "inf", "-inf", "1e999", "0.5,", "1.5", "-0.1", "lots"}) {
    CAPTURE(wrong);
    const Flags flags = parsed({str("--lr=", wrong)});
    CHECK(error_of([&] { flags.number("lr", 0, 1); }) == str("--lr is \"", wrong, "\"; a number from 0 to 1 is expected"));
  }
  CHECK(parsed({"--size", "-9223372036854775808"}).integer("size", INT64_MIN, INT64_MAX) == INT64_MIN);
}

TEST_CASE("flags: lists and choices") {
  const auto list = [](const std::string& text) { return parsed({"--labels=" + text}).list("labels"); };
  CHECK(list("").empty());
  CHECK(list("A") == std::vector<std::string>{"A"});
  CHECK(list("No finding,Viral pneumonia") == std::vector<std::string>{"No finding", "Viral pneumonia"});
  CHECK(list("\"A, or B\",C") == std::vector<std::string>{"A, or B", "C"});
  CHECK(error_of([&] { list("A,,B"); }) == "--labels is \"A,,B\": a name between commas is empty");
  CHECK(error_of([&] { list("A,"); }) == "--labels is \"A,\": a name between commas is empty");
  CHECK(error_of([&] { list("\"A,B"); }) == "--labels is \"A,B: a quote is open");
  CHECK(parsed({"--fit", "pad"}).choice("fit", {"stretch", "pad"}) == "pad");
  CHECK(error_of([] {
          parsed({"--fit", "crop"}).choice("fit", {"stretch", "pad"});
        }) == "--fit is \"crop\"; one of stretch, pad is expected");
}

TEST_CASE("flags: a file lies under the command line") {
  const test::TemporaryFolder folder;
  Flags flags = parsed({"--size", "96"});
  flags.merge_toml(
      written(folder, "size = 224\nlr = 0.5\nflip = true\nlabels = [\"A, or B\", 'C']\n# a comment\nfit = \"pad\"\n"));
  CHECK(flags.text("size") == "96");
  CHECK(flags.number("lr", 0, 1) == 0.5);
  CHECK(flags.on("flip"));
  CHECK(flags.list("labels") == std::vector<std::string>{"A, or B", "C"});
  CHECK(flags.text("fit") == "pad");
  CHECK(flags.given("fit"));
  CHECK_FALSE(flags.given("out"));
  Flags without_flip = parsed({"--flip=false"});
  without_flip.merge_toml(folder.path() / "config.toml");
  CHECK_FALSE(without_flip.on("flip"));
}

TEST_CASE("flags: what a file may not hold") {
  const test::TemporaryFolder folder;
  const auto merge_error = [&](const std::string& text) {
    const std::string all = error_of([&] { example().merge_toml(written(folder, text)); });
    return all.substr(std::min(all.size(), folder.path().string().size() + 1));
  };
  CHECK(merge_error("size = 3\nsise = 3\n") ==
        "config.toml: line 2: no key \"sise\"; did you mean \"size\"? | the keys are the flags without their dashes");
  CHECK(merge_error("flip = 1\n") == "config.toml: line 1: flip is true or false");
  CHECK(merge_error("\nsize = true\n") == "config.toml: line 2: size is not true or false");
}

TEST_CASE("flags: to_toml is read back as the same text, whatever it is") {
  const test::TemporaryFolder folder;
  const std::vector<std::vector<std::string>> cases{
      {},
      {"--size", "007", "--lr", "1e-3", "--flip"},
      {"--size", "-0", "--lr", "0.10", "--data", "true"},
      {"--size", "9223372036854775807", "--lr", "0.0001", "--data", "1.5.2"},
      {"--size", "99999999999999999999", "--lr", ".5", "--data", "nan"},
      {"--data", "C:\\a \"b\"\n\t\x01\x7f # ' é", "--labels", "\"A, or B\",C", "--out", "2026-11-23"},
  };
  for (const auto& arguments : cases) {
    const Flags before = parsed(arguments);
    const std::string text = before.to_toml({"quiet"});
    CAPTURE(text);
    Flags after = example();
    after.merge_toml(written(folder, text));
    for (const char* name : {"data", "labels", "size", "lr", "fit", "out", "flip"}) CHECK(after.text(name) == before.text(name));
    CHECK_FALSE(after.given("quiet"));
    CHECK(after.to_toml({"quiet"}) == text);
  }
  CHECK(parsed({}).to_toml({"data", "labels", "out"}) ==
        "size = 512\nlr = 0.001\nfit = \"stretch\"\nflip = false\nquiet = false\n");
  CHECK(error_of([] {
          parsed({"--data", "\xff.csv"}).to_toml({});
        }) == "a value that is not UTF-8 cannot be kept in a configuration: \xff.csv");
}

TEST_CASE("flags: nearest") {
  const std::vector<std::string> verbs{"train", "evaluate", "predict", "inspect", "phantom"};
  CHECK(nearest("trian", verbs) == "train");
  CHECK(nearest("evalute", verbs) == "evaluate");
  CHECK(nearest("predit", verbs) == "predict");
  CHECK(nearest("eval", verbs) == "evaluate");
  CHECK(nearest("fly", verbs).empty());
  CHECK(nearest("", verbs).empty());
  CHECK(nearest("x", {"lr"}).empty());
  CHECK(nearest("image-size", {"image-column", "size"}) == "size");
  CHECK(nearest(std::string(1000000, 'a'), verbs).empty());
  CHECK(nearest("abc", {}).empty());
}

TEST_CASE("flags: the help of every verb has an example and 80 columns") {
  for (const Verb& verb : verbs()) {
    CAPTURE(verb.name);
    const std::string help = verb.flags().help();
    CHECK(help.find(str("  thorax ", verb.name, ' ')) != std::string::npos);
    std::istringstream lines(help);
    for (std::string line; std::getline(lines, line);) {
      CAPTURE(line);
      CHECK(columns(line) <= 80);
      CHECK((line.empty() || line.back() != ' '));
    }
  }
}

TEST_CASE("flags: help wraps between words") {
  const Flags flags(
      "make", "[flags]", "Makes it.",
      {{"a-name-longer-than-its-column", "VALUE", "one two three four five six seven eight nine ten eleven twelve", "x"}},
      {"thorax make"}, false);
  CHECK(flags.help() ==
        "thorax make [flags]\n"
        "Makes it.\n\n"
        "examples\n"
        "  thorax make\n\n"
        "flags\n"
        "      --a-name-longer-than-its-column VALUE\n"
        "                             one two three four five six seven eight nine ten\n"
        "                             eleven twelve [x]\n"
        "      --no-color             no colour, as with NO_COLOR in the environment\n"
        "  -h, --help                 this page\n");
}

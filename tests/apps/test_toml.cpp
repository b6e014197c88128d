#include "apps/toml.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tensor/error.h"
#include "tests/temporary_folder.h"

using namespace thorax;

namespace {

std::map<std::string, TomlValue> read(const std::string& text) {
  const test::TemporaryFolder folder;
  std::ofstream(folder.path() / "c.toml") << text;
  return read_toml(folder.path() / "c.toml");
}

// What is told behind the folder's name, or "no error".
std::string refused(const std::string& text) {
  try {
    read(text);
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::input);
    const std::string what = e.what();
    return what.substr(what.find("c.toml"));
  }
  return "no error";
}

}  // namespace

TEST_CASE("toml: values and their lines") {
  const auto values =
      read("a = 1\n\nb = \"x.y\" # c = 3\nd = 2.5\ne = false\nf = [ \"p\",\n 'q' ]\n'g h' = '''i\nj'''\nk = []\n");
  CHECK(values.size() == 7);
  CHECK(values.at("a").text == "1");
  CHECK(values.at("b").text == "x.y");
  CHECK(values.at("b").line == 3);
  CHECK(values.at("d").text == "2.5");
  CHECK(values.at("e").text == "false");
  CHECK(values.at("e").is_boolean);
  CHECK_FALSE(values.at("a").is_boolean);
  CHECK(values.at("f").text == "\"p\",\"q\"");
  CHECK(values.at("g h").text == "i\nj");
  CHECK(values.at("k").text.empty());
  CHECK(read("").empty());
}

TEST_CASE("toml: what is refused, with its line") {
  CHECK(refused("a = 1\nb = 2\na = 3\n").find("c.toml: line 3: ") == 0);
  CHECK(refused("a = \n").find("c.toml: line 1: ") == 0);
  CHECK(refused("a = 1\n[part]\nb = 2\n") == "c.toml: line 2: a string, number, boolean or array of strings is expected");
  CHECK(refused("a = 1979-05-27\n") == "c.toml: line 1: a string, number, boolean or array of strings is expected");
  CHECK(refused("a = [1, 2]\n") == "c.toml: line 1: an array of strings is expected");
  CHECK(refused("a = [['b']]\n") == "c.toml: line 1: an array of strings is expected");
  CHECK(refused("a = ['say \"b\"']\n") == "c.toml: line 1: a quote within a name cannot be kept");
  CHECK(refused("a = \"\xff\"\n").find("c.toml: line 1: ") == 0);
  CHECK(refused(std::string("a = 1\n\0b = 2\n", 13)).find("c.toml: line 2: ") == 0);
  CHECK_THROWS_AS(read_toml("/no/such/file.toml"), Error);
  CHECK_THROWS_AS(read_toml("/dev/zero"), Error);
}

TEST_CASE("toml: files made to exhaust memory or stack") {
  CHECK(refused(std::string((1U << 20) + 1, '#')) == "c.toml: larger than 1 MiB; a configuration is expected");
  CHECK(read(std::string(1U << 20, '#')).empty());

  std::string dotted = "\n a";
  for (int i = 0; i < 200000; ++i) dotted += ".a";
  CHECK(refused(dotted + " = 1\n") == "c.toml: line 2: nested too deep; every key stands alone here");
  CHECK(refused("[" + dotted.substr(2) + "]\n") == "c.toml: line 1: nested too deep; every key stands alone here");
  std::string quoted = "\"a\"";
  for (int i = 0; i < 100000; ++i) quoted += ".\"a\"";
  CHECK(refused(quoted + " = 1\n") == "c.toml: line 1: nested too deep; every key stands alone here");
  CHECK(refused("a = " + std::string(500000, '[') + "\n").find("c.toml: line 1: ") == 0);
  std::string tables = "a = ";
  for (int i = 0; i < 100000; ++i) tables += "{b=";
  CHECK(refused(tables + "\n").find("c.toml: line 1: ") == 0);

  const std::string dots(100, '.');  // within quotes and comments they nest nothing
  CHECK(read("a = \"" + dots + "\" # it's " + dots + "\nb = '" + dots + "'\n").size() == 2);
}

#include <doctest/doctest.h>

#include "apps/checkpoint.h"
#include "apps/inspect_checkpoint.h"
#include "apps/metadata.h"
#include "tensor/json.h"
#include "tests/faulty_calls.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;
namespace fs = std::filesystem;

namespace {

// A state whose every number is its generation.
struct State {
  explicit State(int generation) : values(1000, static_cast<float>(generation)), number(generation) {}
  std::vector<float> values;
  int number;
  Checkpoint checkpoint() { return {{{"w", {values.data(), {1000}, DType::f32}}}, {{"epoch", str(number)}}}; }
};

void save(const RunPaths& run, int generation) {
  save_generation(run, State(generation).checkpoint());
}

// The generation that a resumed run would find; -1: none.
int newest(const RunPaths& run) {
  const auto found = newest_generation(run);
  if (!found) return -1;
  const float* values = found->file.find("w")->as<float>();
  const int number = static_cast<int>(decode_number(found->file.metadata().at("epoch")));
  for (int i = 0; i < 1000; ++i) REQUIRE(values[i] == static_cast<float>(number));
  return number;
}

size_t files_in(const fs::path& folder) {
  return static_cast<size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

void flip_a_bit(const fs::path& path) {
  std::string content = read_text(path);
  content[content.size() / 2] = static_cast<char>(content[content.size() / 2] ^ 1);
  write_text(path, content);
}

}  // namespace

TEST_CASE("checkpoint: two generations are kept, the newest that is whole is found") {
  const TemporaryFolder folder;
  const RunPaths run(folder.path());
  CHECK(newest(run) == -1);
  for (int generation = 1; generation <= 4; ++generation) {
    save(run, generation);
    CHECK(newest(run) == generation);
  }
  CHECK(files_in(folder.path()) == 2);
  flip_a_bit(run.state());
  const auto found = newest_generation(run);
  CHECK(found->file.metadata().at("epoch") == "3");
  CHECK(found->note.find("state.safetensors: damaged") != std::string::npos);
  flip_a_bit(run.previous_state());
  CHECK_THROWS_AS(newest_generation(run), Error);
  save(run, 5);
  CHECK(newest(run) == 5);
}

TEST_CASE("checkpoint: a process that dies at any call, in the middle of a write too, leaves this generation or the one before") {
  for (const bool torn : {false, true}) {
    bool died = true;
    for (int at = 1; died; ++at) {
      const TemporaryFolder folder;
      const RunPaths run(folder.path());
      save(run, 1);
      save(run, 2);
      died = dies_at(at, torn, [&] { save(run, 3); });
      CAPTURE(at);
      const int found = newest(run);
      CHECK(found >= 2);
      CHECK(found <= 3);
      if (!died) CHECK(found == 3);
      save(run, 4);
      CHECK(newest(run) == 4);
    }
  }
}

TEST_CASE("checkpoint: each call fails, once or from then on: what is reported is what resuming finds") {
  for (const auto way : {FaultyCalls::Way::once, FaultyCalls::Way::always}) {
    for (const bool torn : {false, true}) {
      bool reached = true;
      for (int at = 1; reached; ++at) {
        const TemporaryFolder folder;
        const RunPaths run(folder.path());
        save(run, 1);
        save(run, 2);
        int expected = 3;
        {
          FaultyCalls calls(at, way, ENOSPC, torn);
          try {
            save(run, 3);
          } catch (const NotWritten&) {
            expected = 2;
          } catch (const DurabilityUnsure&) {
          }
          reached = calls.reached();
        }
        CAPTURE(at);
        CHECK(newest(run) == expected);
        save(run, 4);
        CHECK(newest(run) == 4);
      }
    }
  }
}

TEST_CASE("checkpoint: without a checksum a file is not taken for one of thorax") {
  const TemporaryFolder folder;
  save_checkpoint(folder / "f", State(1).checkpoint());
  const SafetensorsFile file = open_checkpoint(folder / "f");
  CHECK(file.metadata().at("format") == "pt");
  CHECK(file.metadata().at("thorax.version") == THORAX_VERSION);
  CHECK(file.find("w")->as<float>()[999] == 1.0F);
  CHECK_THROWS_AS(open_checkpoint(fs::path(THORAX_SOURCE_DIR) / "tests/tensor/data/python.safetensors"), Error);
}

TEST_CASE("metadata: lists and numbers survive a round trip, anything else is refused") {
  for (const auto& list : std::vector<std::vector<std::string>>{{}, {""}, {"No finding", "a, \"b\"\n\\", "Größe 🫁"}}) {
    CHECK(decode_list(encode_list(list)) == list);
  }
  for (const char* text : {"", "[", "{}", "1", "[1]", "[\"a\",]", "[\"a\" \"b\"]", "[[\"a\"]]", "[\"a\"] x", "null"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(decode_list(text), Error);
  }
  for (const double x : {0.0, 0.1, -1.0 / 3, 1e300, 5e-324, 123456789.0}) CHECK(decode_number(encode_number(x)) == x);
  for (const char* text : {"", "x", "1x", " 1", "nan"}) CHECK_THROWS_AS(decode_number(text), Error);
}

TEST_CASE("inspect: thorax's files and foreign ones are described, as text that cannot steer a terminal") {
  const TemporaryFolder folder;
  float x = 1;
  write_safetensors(folder / "f", {{"fc\x1b[31m", {&x, {1, 1}, DType::f32}}},
                    {{"config", "seed = 1\nsize = 224\n"}, {"note", "\x1b]0;x\x07"}});
  const std::string text = describe_checkpoint(folder / "f", "");
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find("checksum  fits") != std::string::npos);
  CHECK(text.find("            size = 224\n") != std::string::npos);
  CHECK(text.find("fc?[31m  F32  [1,1]\n") != std::string::npos);
  const Json json = parse_json(describe_checkpoint_json(folder / "f", ""), "json");
  CHECK(json.find("metadata")->find("config")->text == "seed = 1\nsize = 224\n");
  CHECK(json.find("tensors")->items[0].find("name")->text == "fc\x1b[31m");

  const fs::path foreign = fs::path(THORAX_SOURCE_DIR) / "tests/tensor/data/python.safetensors";
  const std::string listed = describe_checkpoint(foreign, "");
  CHECK(listed.find("checksum  none") != std::string::npos);
  CHECK(listed.find("F32  [1,1,1,1,2]\n") != std::string::npos);
  CHECK(listed.find("BOOL [2]\n") != std::string::npos);
  const Json parsed = parse_json(describe_checkpoint_json(foreign, ""), "json");
  CHECK(parsed.find("tensors")->items.size() == 10);
  CHECK(parsed.find("checksum")->text == "none");
  write_text(folder / "bad", "not a checkpoint");
  CHECK_THROWS_AS(describe_checkpoint(folder / "bad", ""), Error);
}

#include <doctest/doctest.h>

#include <cstring>
#include <limits>
#include <string>

#include "tensor/serialize.h"
#include "tests/faulty_calls.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;
namespace fs = std::filesystem;

namespace {

// A file from a header and data as they are, right or wrong.
std::string file_of(const std::string& header, const std::string& data = {}) {
  const uint64_t length = header.size();
  std::string file(sizeof length, '\0');
  std::memcpy(file.data(), &length, sizeof length);
  return file + header + data;
}

void check_refused(const TemporaryFolder& folder, const std::string& content, const std::string& reason = {}) {
  const fs::path path = folder / "bad.safetensors";
  write_text(path, content);
  CAPTURE(content.substr(0, 200));
  try {
    const SafetensorsFile file(path);
    CHECK_MESSAGE(false, "it was accepted");
  } catch (const Error& error) {
    CHECK(error.fault() == Fault::input);
    CHECK_MESSAGE(std::string(error.what()).find(reason) != std::string::npos, error.what());
  }
}

struct Sample {
  float weight[6] = {0.0F, -1.5F, 3.25F, std::numeric_limits<float>::infinity(), 1e-38F, 7.0F};
  uint8_t bytes[3] = {1, 2, 255};
  int64_t steps = -(int64_t{1} << 62);
  bf16 half[1] = {to_bf16(0.5F)};

  std::vector<NamedTensor> tensors() {
    return {{"bytes", {bytes, {3}, DType::u8}},
            {"conv.weight", {weight, {2, 3, 1, 1}, DType::f32}},
            {"num_batches_tracked", {&steps, {}, DType::i64}},
            {"half", {half, {1}, DType::bf16}},
            {"empty", {weight, {0, 4}, DType::f32}}};
  }
};

const Metadata sample_metadata{{"format", "pt"}, {"classes", R"(["No finding","Größe \ \"肺\"
"])"}};

}  // namespace

TEST_CASE("safetensors: what is written is read back, aligned and checked") {
  const TemporaryFolder folder;
  Sample sample;
  write_safetensors(folder / "f", sample.tensors(), sample_metadata);
  const SafetensorsFile file(folder / "f");
  CHECK(file.verify());
  Metadata metadata = file.metadata();
  CHECK(metadata["checksum"].substr(0, 6) == "xxh64:");
  metadata.erase("checksum");
  CHECK(metadata == sample_metadata);
  REQUIRE(file.tensors().size() == 5);
  for (const NamedTensor& expected : sample.tensors()) {
    const Tensor* found = file.find(expected.name);
    REQUIRE(found != nullptr);
    CHECK(found->shape == expected.tensor.shape);
    CHECK(found->dtype == expected.tensor.dtype);
    CHECK(reinterpret_cast<uintptr_t>(found->data) % size_of(found->dtype) == 0);
    CHECK(std::memcmp(found->data, expected.tensor.data, found->bytes()) == 0);
  }
  CHECK(file.find("conv") == nullptr);
  const std::string bytes = read_text(folder / "f");
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), 8);
  CHECK(length % 8 == 0);
}

TEST_CASE("safetensors: the same tensors give the same bytes, and no tensors give a file too") {
  const TemporaryFolder folder;
  Sample sample;
  write_safetensors(folder / "f", sample.tensors(), sample_metadata);
  write_safetensors(folder / "g", sample.tensors(), sample_metadata);
  CHECK(read_text(folder / "f") == read_text(folder / "g"));
  write_safetensors(folder / "none", {}, {});
  CHECK(SafetensorsFile(folder / "none").verify());
  CHECK(SafetensorsFile(folder / "none").entries().empty());
}

TEST_CASE("safetensors: a file of Python's safetensors is read, with what thorax has no type for") {
  const SafetensorsFile file(fs::path(THORAX_SOURCE_DIR) / "tests/tensor/data/python.safetensors");
  CHECK_FALSE(file.verify());
  CHECK(file.metadata() == Metadata{{"format", "pt"}, {"note", "Röntgen \\ \"quoted\"\t🫁"}});
  CHECK(file.entries().size() == 10);
  CHECK(file.tensors().size() == 7);
  const float* weight = file.find("a.weight")->as<float>();
  CHECK(file.find("a.weight")->shape == Shape{2, 3});
  CHECK(weight[2] == -2.5F);
  CHECK(weight[5] == std::numeric_limits<float>::infinity());
  CHECK(to_float(file.find("a.brain")->as<bf16>()[1]) == -2.0F);
  CHECK(file.find("a.half")->dtype == DType::f16);
  CHECK(file.find("bytes")->as<uint8_t>()[4] == 255);
  CHECK(*file.find("steps")->as<int64_t>() == -(int64_t{1} << 62));
  CHECK(file.find("empty")->shape == Shape{0, 7});
  CHECK(*file.find("Größe \"肺\" 🫁\n")->as<float>() == 42.0F);
  for (const char* name : {"double", "flags", "five"}) CHECK(file.find(name) == nullptr);
}

TEST_CASE("safetensors: tensors at an odd address are copied to an even one") {
  const TemporaryFolder folder;
  const float value = 1.5F;
  std::string data(5, 'x');
  std::memcpy(data.data() + 1, &value, 4);
  write_text(
      folder / "f",
      file_of(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"f":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})",
              data));
  const SafetensorsFile file(folder / "f");
  CHECK(reinterpret_cast<uintptr_t>(file.find("f")->data) % 4 == 0);
  CHECK(*file.find("f")->as<float>() == value);
}

TEST_CASE("safetensors: every flipped bit and every truncation is refused") {
  const TemporaryFolder folder;
  Sample sample;
  write_safetensors(folder / "f", sample.tensors(), {{"epoch", "3"}});
  const std::string good = read_text(folder / "f");
  const auto accepted = [&](const std::string& content) {
    write_text(folder / "g", content);
    try {
      return SafetensorsFile(folder / "g").verify();
    } catch (const Error& error) {
      REQUIRE(error.fault() == Fault::input);
      return false;
    }
  };
  REQUIRE(accepted(good));
  for (size_t i = 0; i < good.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string content = good;
      content[i] = static_cast<char>(content[i] ^ (1 << bit));
      CHECK_MESSAGE(!accepted(content), "byte ", i, " bit ", bit);
    }
    CHECK_MESSAGE(!accepted(good.substr(0, i)), "cut to ", i);
  }
  CHECK_FALSE(accepted(good + '\0'));
}

TEST_CASE("safetensors: lies in the header are refused") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& header, const std::string& data, const std::string& reason) {
    check_refused(folder, file_of(header, data), reason);
  };
  const auto tensor = [](const std::string& dtype, const std::string& shape, const std::string& offsets) {
    return R"({"x":{"dtype":")" + dtype + R"(","shape":)" + shape + R"(,"data_offsets":)" + offsets + "}}";
  };
  check_refused(folder, "", "only 0 bytes");
  check_refused(folder, "1234567", "only 7 bytes");
  check_refused(folder, std::string(8, '\0'), "does not begin with {");
  check_refused(folder, std::string(8, '\xff') + "{}", "18446744073709551615 bytes");
  check_refused(folder, std::string("\x01\xe1\xf5\x05\0\0\0\0{}", 10), "100000001 bytes");
  check_refused(folder, std::string("\x03\0\0\0\0\0\0\0{}", 10), "the header would have 3 bytes");
  refused(" {}", "", "does not begin with {");
  refused("{}\n", "", "does not end with }");
  refused("{}x}", "", "text after the end");
  refused("{}", "x", "the tensors end at 0, the data at 1");
  refused(R"({"x":1})", "", "is not an object");
  refused(R"({"__metadata__":{"a":1}})", "", "is not a string");
  refused(R"({"__metadata__":{"a":"1","a":"2"}})", "", "the same key twice");
  refused(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "x",
          "the same key twice");
  refused(R"({"x\u0000y":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})", "x", "with NUL");
  refused(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"more":[]}})", "x", "exactly");
  refused(R"({"x":{"dtype":"U8","shape":[1]}})", "", "exactly");
  refused(tensor("U8", "[1]", "[0]"), "x", "exactly");
  refused(tensor("U8", "[1]", "[0,1,2]"), "x", "exactly");
  refused(tensor("U8", "[[1]]", "[0,1]"), "x", "not a natural number");
  refused(tensor("U8", "[[[1]]]", "[0,1]"), "x", "nested too deeply");
  refused(tensor("U8", "[-1]", "[0,1]"), "x", "not a natural number");
  refused(tensor("U8", "[-0]", "[0,0]"), "", "not a natural number");
  refused(tensor("U8", "[1.0]", "[0,1]"), "x", "not a natural number");
  refused(tensor("U8", "[9223372036854775808]", "[0,1]"), "x", "not a natural number");
  refused(tensor("U8", "[1]", "[-1,0]"), "x", "not a natural number");
  refused(tensor("U8", "[1]", "[1,2]"), "xx", "begins at 1, expected 0");
  refused(tensor("U8", "[2]", "[0,2]"), "x", "ends at 2 of 1");
  refused(tensor("U8", "[1]", "[0,9223372036854775807]"), "x", "ends at");
  refused(tensor("U8", "[1]", "[1,0]"), "x", "begins at 1");
  refused(tensor("U8", "[2]", "[0,1]"), "x", "has 1 bytes");
  refused(tensor("F32", "[1]", "[0,1]"), "x", "need 32 bits");
  refused(tensor("F4", "[1]", "[0,1]"), "x", "need 4 bits");
  refused(tensor("U8", "[4294967296,4294967296]", "[0,0]"), "", "overflows");
  refused(tensor("F32", "[4611686018427387904,4]", "[0,0]"), "", "overflows");
  refused(R"({"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}})", "xxx",
          "begins at 1, expected 2");
  refused(R"({"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"y":{"dtype":"U8","shape":[1],"data_offsets":[2,3]}})", "xxx",
          "begins at 2, expected 1");
}

TEST_CASE("safetensors: what the format allows is accepted") {
  const TemporaryFolder folder;
  const auto accepted = [&](const std::string& header, const std::string& data) {
    write_text(folder / "f", file_of(header, data));
    return SafetensorsFile(folder / "f").entries();
  };
  CHECK(accepted("{}   ", "").empty());
  CHECK(accepted(R"({"e":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                 "x")
            .size() == 2);
  CHECK(accepted(R"({"x":{"dtype":"F4","shape":[2],"data_offsets":[0,1]}})", "x").size() == 1);
  CHECK(accepted(R"({"x":{"dtype":"F3_FUTURE","shape":[9,9,9,9,9,9],"data_offsets":[0,1]}})", "x")[0].dtype == "F3_FUTURE");
}

TEST_CASE("safetensors: a checksum that another program has carried along is not taken for one that fits") {
  const TemporaryFolder folder;
  write_text(folder / "f", file_of(R"({"__metadata__":{"a":"b","checksum":"xxh64:0123456789abcdef"}})"));
  CHECK_THROWS_AS(SafetensorsFile(folder / "f").verify(), Error);
  write_text(folder / "f", file_of(R"({"__metadata__":{"checksum":"xxh64:0"}})"));
  CHECK_THROWS_AS(SafetensorsFile(folder / "f").verify(), Error);
  write_text(folder / "f", file_of(R"({"__metadata__":{"checksum":"sha256:0"}})"));
  CHECK_FALSE(SafetensorsFile(folder / "f").verify());
}

TEST_CASE("safetensors: what the format cannot hold is not written") {
  const TemporaryFolder folder;
  float x = 0;
  const Tensor t{&x, {1}, DType::f32};
  const auto written = [&](const std::vector<NamedTensor>& tensors, const Metadata& metadata) {
    write_safetensors(folder / "f", tensors, metadata);
  };
  CHECK_THROWS_AS(written({{"a", t}, {"a", t}}, {}), Error);
  CHECK_THROWS_AS(written({{"__metadata__", t}}, {}), Error);
  CHECK_THROWS_AS(written({{std::string("a\0b", 3), t}}, {}), Error);
  CHECK_THROWS_AS(written({{"\xff", t}}, {}), Error);
  CHECK_THROWS_AS(written({{"a", {&x, {1, 1, 1, 1}, DType::f32, Layout::blocked}}}, {}), Error);
  CHECK_THROWS_AS(written({}, {{"checksum", "x"}}), Error);
  CHECK_THROWS_AS(written({}, {{"x", "\xff"}}), Error);
  CHECK(fs::is_empty(folder.path()));
}

TEST_CASE("safetensors: what is read back differently from what was written does not take the old file's place") {
  // A disk that flips a bit.
  class Flipping : public FileCalls {
   public:
    Flipping() { replace_file_calls(this); }
    ~Flipping() override { replace_file_calls(nullptr); }
    ssize_t write(int fd, const void* data, size_t bytes) override {
      std::string copy(static_cast<const char*>(data), bytes);
      if (bytes == 3) copy[1] = static_cast<char>(copy[1] ^ 16);
      return FileCalls::write(fd, copy.data(), bytes);
    }
  };
  const TemporaryFolder folder;
  Sample sample;
  write_text(folder / "f", "old");
  {
    const Flipping calls;
    CHECK_THROWS_AS(write_safetensors(folder / "f", sample.tensors(), {}), NotWritten);
  }
  CHECK(read_text(folder / "f") == "old");
  CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 1);
}

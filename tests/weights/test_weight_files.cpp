#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "tensor/sha256.h"
#include "tests/skip.h"
#include "tests/temporary_folder.h"
#include "weights/weight_file.h"

using namespace thorax;
using namespace thorax::test;
using namespace thorax::weights;
namespace fs = std::filesystem;

namespace {

const fs::path data = fs::path(THORAX_SOURCE_DIR) / "tests" / "weights" / "data";

std::string sha256_of(const WeightTensor& t) {
  Sha256 hash;
  for_each_piece(t, [&](std::span<const std::byte> piece) { hash.update(piece); });
  return hash.hex();
}

// File -> tensor -> "dtype shape sha256", as tools/make_weight_fixtures.py wrote it.
std::map<std::string, std::map<std::string, std::string>> oracle(const fs::path& file) {
  std::map<std::string, std::map<std::string, std::string>> expected;
  std::ifstream in(file);
  for (std::string name, tensor, rest; in >> name >> tensor && std::getline(in >> std::ws, rest);) expected[name][tensor] = rest;
  return expected;
}

// Nothing missing, nothing more, and every byte as PyTorch or numpy has it.
void check_file(const fs::path& path, const std::map<std::string, std::string>& expected) {
  CAPTURE(path.string());
  const WeightFile file(path);
  CHECK(file.tensors().size() == expected.size());
  for (const WeightTensor& t : file.tensors()) {
    CAPTURE(t.name);
    const auto it = expected.find(t.name);
    REQUIRE(it != expected.end());
    CHECK(str(t.dtype, ' ', shape_text(t.shape), ' ', sha256_of(t)) == it->second);
  }
}

const WeightTensor& find(const WeightFile& file, const std::string& name) {
  for (const WeightTensor& t : file.tensors()) {
    if (t.name == name) return t;
  }
  throw std::runtime_error(name + " is missing");
}

}  // namespace

TEST_CASE("weights: every tensor of small PyTorch and numpy files is what these read themselves") {
  const auto expected = oracle(data / "oracle.txt");
  CHECK(expected.size() == 7);
  for (const auto& [name, tensors] : expected) check_file(data / name, tensors);
}

TEST_CASE("weights: real checkpoints in the format before 1.6, every tensor equal to PyTorch's") {
  const fs::path folder = data_folder("resnet_cifar");
  if (folder.empty()) return skip("no resnet_cifar");
  const auto expected = oracle(data / "resnet_cifar.txt");
  CHECK(expected.size() == 2);
  for (const auto& [name, tensors] : expected) check_file(folder / name, tensors);
}

TEST_CASE("weights: what stands beside the tensors") {
  const WeightFile state(data / "state.pth");
  CHECK(state.contents().format == "PyTorch");
  CHECK(state.contents().root_class.empty());
  CHECK(state.contents().metadata == Metadata{{"arch", "größe"}, {"best", "0.5"}, {"epoch", "3"}});
  const WeightFile whole(data / "whole_legacy.pth");
  CHECK(whole.contents().format == "PyTorch before 1.6");
  CHECK(whole.contents().root_class == "__main__.Net");
}

TEST_CASE("weights: dtypes become floats and whole numbers exactly") {
  const auto floats = [](const std::string& dtype, auto... values) {
    const std::array raw{values...};
    const WeightTensor t{"t", dtype, sizeof raw[0], {static_cast<int64_t>(raw.size())}, {1}, std::as_bytes(std::span(raw))};
    REQUIRE(is_number(t));
    std::vector<float> out(raw.size());
    to_floats(t, out.data());
    return out;
  };
  using U16 = uint16_t;
  const auto half = floats("F16", U16{0x3c00}, U16{0xc500}, U16{0x0001}, U16{0x83ff}, U16{0x7bff}, U16{0x7c00}, U16{0x8000});
  CHECK(half[0] == 1.0F);
  CHECK(half[1] == -5.0F);
  CHECK(half[2] == std::ldexp(1.0F, -24));
  CHECK(half[3] == -1023 * std::ldexp(1.0F, -24));
  CHECK(half[4] == 65504.0F);
  CHECK(std::isinf(half[5]));
  CHECK(std::signbit(half[6]));
  CHECK(std::isnan(floats("F16", U16{0x7e01})[0]));
  CHECK(floats("BF16", U16{0xc0a0}) == std::vector<float>{-5.0F});
  CHECK(floats("F64", 0.1, -1e300)[0] == 0.1F);
  CHECK(floats("I8", int8_t{-3}, int8_t{127}) == std::vector<float>{-3, 127});
  CHECK(floats("U64", ~uint64_t{0}) == std::vector<float>{18446744073709551616.0F});
  const double reals[] = {-2.75, 1e300, std::nan("")};
  int64_t whole[3];
  to_int64({"t", "F64", 8, {3}, {1}, std::as_bytes(std::span(reals))}, whole);
  CHECK(whole[0] == -2);
  CHECK(whole[1] > (int64_t{1} << 62));
  CHECK(whole[2] == 0);
  CHECK_FALSE(is_number({"t", "C64", 8, {}, {}, {}}));
}

TEST_CASE("weights: shared storages stay one, transposed tensors come in the right order") {
  const WeightFile file(data / "state.pth");
  const WeightTensor& same = find(file, "state_dict.module.same.weight");
  const WeightTensor& turned = find(file, "state_dict.module.turned.weight");
  CHECK(same.storage.data() == turned.storage.data());
  std::vector<float> a(30);
  std::vector<float> b(30);
  to_floats(same, a.data());
  to_floats(turned, b.data());
  for (size_t i = 0; i < 6; ++i) {
    for (size_t k = 0; k < 5; ++k) CHECK(a[i * 5 + k] == b[k * 6 + i]);
  }
}

TEST_CASE("weights: safetensors of any dtype and rank, by the same interface") {
  const fs::path path = fs::path(THORAX_SOURCE_DIR) / "tests" / "tensor" / "data" / "python.safetensors";
  const WeightFile file(path);
  const SafetensorsFile direct(path);
  CHECK(file.contents().format == "safetensors");
  CHECK(file.contents().metadata == direct.metadata());
  REQUIRE(file.tensors().size() == direct.entries().size());
  for (size_t i = 0; i < direct.entries().size(); ++i) {
    CHECK(file.tensors()[i].name == direct.entries()[i].name);
    CHECK(file.tensors()[i].bytes() == direct.entries()[i].end - direct.entries()[i].begin);
  }
}

TEST_CASE("weights: a safetensors header may be as long as another format's first bytes say") {
  const TemporaryFolder folder;
  for (const uint64_t length : {0x80U, 0x4b50U}) {  // "\x80", "PK"
    std::string header(length, ' ');
    header.replace(0, 2, "{}");
    std::string file(8, '\0');
    std::memcpy(file.data(), &length, sizeof length);
    write_text(folder / "f", file + header);
    CHECK(WeightFile(folder / "f").contents().format == "safetensors");
  }
}

TEST_CASE("weights: what is not read is told apart") {
  const TemporaryFolder folder;
  const auto message = [&](const std::string& content) -> std::string {
    write_text(folder / "f", content);
    try {
      const WeightFile file(folder / "f");
      return "accepted";
    } catch (const Error& e) {
      CHECK(e.fault() == Fault::input);
      return e.what();
    }
  };
  const auto has = [](const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; };
  CHECK(has(message(read_text(data / "calls.pth")),
            "refused: it wants to call \"posix.system\" when it is opened; nothing was executed"));
  CHECK(has(message(read_text(data / "plain.pkl")), "a pickle that torch.save did not write"));
  CHECK(has(message("\x89HDF\r\n\x1a\n0000"), "HDF5"));
  CHECK(has(message("version https://git-lfs.github.com/spec/v1\n"), "Git LFS"));
  CHECK(has(message("<!DOCTYPE html>"), "a web page"));
  CHECK(has(message(""), "only 0 bytes"));
  CHECK(has(message("PK"), "not a whole zip archive"));
}

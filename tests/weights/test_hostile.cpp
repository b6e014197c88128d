// Files made to do harm: each ends in one clear line (Fault::input) or, where the damage hit nothing that counts, is read.
#include <doctest/doctest.h>

#include <chrono>
#include <cstring>
#include <limits>

#include "tensor/rng.h"
#include "tests/temporary_folder.h"
#include "weights/npy.h"
#include "weights/pickle.h"
#include "weights/pickled_tensors.h"
#include "weights/weight_file.h"

using namespace thorax;
using namespace thorax::test;
using namespace thorax::weights;
namespace fs = std::filesystem;

namespace {

const fs::path data = fs::path(THORAX_SOURCE_DIR) / "tests" / "weights" / "data";

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

// "", when the file is read and every element of it can be; else why it is refused.
std::string outcome(const fs::path& path) {
  try {
    const WeightFile file(path);
    size_t bytes = 0;
    for (const WeightTensor& t : file.tensors()) {
      for_each_piece(t, [&](std::span<const std::byte> piece) { bytes += piece.size(); });
    }
    return bytes == std::numeric_limits<size_t>::max() ? "?" : "";
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::input);
    const std::string what = e.what();
    CHECK_MESSAGE(what.find('\n') == std::string::npos, what);
    CHECK_MESSAGE(what.starts_with(path.string()), what);
    return what;
  }
}

std::string damaged(std::string content, const Rng& rng) {
  const uint64_t changes = 1 + rng.below(0, 4);
  for (uint64_t i = 1; i <= changes && !content.empty(); ++i) {
    const size_t at = static_cast<size_t>(rng.below(4 * i, content.size()));
    const uint64_t value = rng.below(4 * i + 1, 256);
    switch (rng.below(4 * i + 2, 6)) {
      case 0: content[at] = static_cast<char>(value); break;
      case 1: content[at] = static_cast<char>(content[at] ^ 1 << value % 8); break;
      case 2: content.resize(at); break;
      case 3: content.erase(at, 1 + value % 16); break;
      case 4:
        content.insert(at, content.substr(static_cast<size_t>(rng.below(4 * i + 3, content.size())), 1 + value % 64));
        break;
      default: {  // a number as large as it can be
        const size_t width = std::min<size_t>(size_t{1} << value % 4, content.size() - at);
        std::memset(content.data() + at, value < 128 ? 0xff : 0x7f, width);
      }
    }
  }
  return content;
}

Pickle unpickle(const std::string& text) {
  ByteReader in(bytes_of(text), "p");
  return Pickle(in, pytorch_callables());
}

std::string refusal(const std::string& pickle) {
  try {
    unpickle(pickle);
    return "accepted";
  } catch (const Error& e) {
    CHECK(e.fault() == Fault::input);
    return e.what();
  }
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("hostile: thousands of damaged files end in one line each, in bounded time") {
  const TemporaryFolder folder;
  constexpr uint64_t rounds = 1500;
  const auto start = std::chrono::steady_clock::now();
  for (const char* name : {"state.pth", "state_legacy.pth", "whole_legacy.pth", "script.pt", "arrays.npz", "packed.npz"}) {
    const std::string content = read_text(data / name);
    CAPTURE(name);
    size_t refused = 0;
    for (uint64_t i = 0; i < rounds; ++i) {
      CAPTURE(i);
      write_text(folder / "f", damaged(content, Rng(2021, i)));
      refused += outcome(folder / "f").empty() ? 0 : 1;
    }
    CHECK(refused > rounds / 4);  // the damage does hit something
  }
  const std::string content = read_text(fs::path(THORAX_SOURCE_DIR) / "tests" / "tensor" / "data" / "python.safetensors");
  for (uint64_t i = 0; i < rounds; ++i) {
    write_text(folder / "f", damaged(content, Rng(2022, i)));
    outcome(folder / "f");
  }
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::minutes(5));
}

TEST_CASE("hostile: every file cut off at every byte is refused") {
  const TemporaryFolder folder;
  for (const char* name : {"whole.pth", "whole_legacy.pth", "packed.npz"}) {
    const std::string content = read_text(data / name);
    CAPTURE(name);
    for (size_t bytes = 0; bytes < content.size(); bytes += 1 + bytes / 400) {
      CAPTURE(bytes);
      write_text(folder / "f", content.substr(0, bytes));
      CHECK_FALSE(outcome(folder / "f").empty());
    }
  }
}

TEST_CASE("hostile: pickles that are bombs") {
  const std::string start = "\x80\x02";
  // A list of twice the list before it, 60 times: 2^60 values for who walks them without counting.
  std::string laughs = start + "]q" + '\0';
  for (int i = 0; i < 60; ++i)
    laughs += std::string("]q") + static_cast<char>(i + 1) + "(h" + static_cast<char>(i) + "h" + static_cast<char>(i) + "e";
  {
    const std::string text = laughs + '.';
    const Pickle pickle = unpickle(text);
    Contents contents;
    CHECK_THROWS_WITH_AS(collect_tensors(pickle, {}, "p", contents), doctest::Contains("steps to walk"), Error);
  }
  {
    std::string deep = start;
    for (int i = 0; i < 100000; ++i) deep += "]";
    for (int i = 0; i < 99999; ++i) deep += "a";
    const std::string text = deep + '.';
    const Pickle pickle = unpickle(text);
    Contents contents;
    CHECK_THROWS_WITH_AS(collect_tensors(pickle, {}, "p", contents), doctest::Contains("nested"), Error);
  }
  {  // A list that holds itself.
    const std::string text = start + "]q" + '\0' + "h" + '\0' + "a.";
    const Pickle pickle = unpickle(text);
    Contents contents;
    CHECK_THROWS_WITH_AS(collect_tensors(pickle, {}, "p", contents), doctest::Contains("nested"), Error);
  }
  CHECK(has(refusal(start + std::string(3000000, 'N')), "more than 1000000 values on its stack"));
  std::string many = start;
  for (int i = 0; i < 2100000; ++i) many += "N0";
  CHECK(has(refusal(many), "more than 2000000 values"));
  CHECK(has(refusal(start + std::string(1200000, '(')), "too many marks"));
  // Copies of one long dictionary, again and again.
  std::string copies = start + "ccollections\nOrderedDict\nq" + '\0' + "(";
  for (int i = 0; i < 200000; ++i) copies += "NN";
  copies += std::string("d\x85q") + '\1' + '0';
  for (int i = 0; i < 1000; ++i) copies += std::string("h") + '\0' + "h" + '\1' + "R0";
  CHECK(has(refusal(copies), "items in its lists"));
  CHECK(has(refusal(start + "X\xff\xff\xff\xff"), "4294967295 bytes are announced"));
  CHECK(has(refusal(start + "\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), "bytes are announced"));
}

TEST_CASE("hostile: no call is made, whoever asks") {
  for (const char* function : {"os\nsystem", "builtins\neval", "builtins\ngetattr", "torch\nload", "subprocess\nPopen",
                               "torch.hub\nload", "numpy\nload", "__builtin__\napply", "operator\nattrgetter"}) {
    CAPTURE(function);
    CHECK(has(refusal("c" + std::string(function) + "\n)R."), "refused: it wants to call"));
  }
  // The module's name from the stack, as protocol 4 does.
  CHECK(has(refusal("\x80\4\x8c\2os\x8c\6system\x93)R."), "refused: it wants to call \"os.system\""));
  CHECK(has(refusal("(S'x'\nios\nsystem\n."), "no opcode"));
  CHECK(has(refusal("N)R."), "a call of what is no function"));
  CHECK(has(refusal("NN\x81."), "an object whose class is no class"));
  CHECK(has(refusal("h\7."), "recalls what was not remembered"));
  CHECK(has(refusal("a."), "empty stack"));
  CHECK(has(refusal("(N0t0."), "empty stack"));
  CHECK(has(refusal("}NNs)NNs."), "cannot hold them"));
  // An unknown class is a record, whatever it is called.
  const std::string record = "\x80\2cos\nsystem\n)\x81}b.";
  CHECK(unpickle(record).root().kind == PickleValue::Kind::object);
}

TEST_CASE("hostile: tensors that lie about their storage") {
  const std::vector<std::byte> four(16);
  const auto fault = [&](std::vector<int64_t> shape, std::vector<int64_t> strides) {
    return extent_fault({"t", "F32", 4, std::move(shape), std::move(strides), four});
  };
  CHECK(fault({4}, {1}).empty());
  CHECK(fault({2, 2}, {1, 2}).empty());
  CHECK(fault({0, 1000000}, {1, 1}).empty());
  CHECK(fault({5}, {1}) == "its last element would be number 5, 4 are there");
  CHECK(fault({2}, {4}) == "its last element would be number 5, 4 are there");
  CHECK(fault({2}, {-1}) == "a negative dimension or stride");
  CHECK(fault({-1}, {1}) == "a negative dimension or stride");
  CHECK(fault({int64_t{1} << 62, int64_t{1} << 62}, {0, 0}) == "its size overflows");
  CHECK(fault({int64_t{1} << 61, 2}, {0, 0}) == "its size overflows");
  CHECK(fault({3, 3}, {std::numeric_limits<int64_t>::max(), std::numeric_limits<int64_t>::max()}) == "its size overflows");
  CHECK(fault(std::vector<int64_t>(65, 1), std::vector<int64_t>(65, 1)) == "65 dimensions, at most 64 are allowed");
  CHECK(fault({2}, {1, 1}) == "1 dimensions and 2 strides");
}

TEST_CASE("hostile: headers of numpy arrays") {
  const auto npy = [](const std::string& header, size_t payload) {
    std::string text("\x93NUMPY\1\0", 8);
    text += static_cast<char>(header.size() & 255U);
    text += static_cast<char>(header.size() >> 8U);
    return text + header + std::string(payload, '\0');
  };
  const auto read = [](const std::string& text) -> std::string {
    try {
      return shape_text(read_npy(bytes_of(text), "a", "f").shape);
    } catch (const Error& e) {
      CHECK(e.fault() == Fault::input);
      return e.what();
    }
  };
  CHECK(read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }\n", 24)) == "[2,3]");
  CHECK(read(npy("{'shape': (3,), 'fortran_order': True, 'descr': '|u1'}", 3)) == "[3]");
  CHECK(read(npy("{'descr': '<f8', 'fortran_order': False, 'shape': ()}", 8)) == "[]");
  CHECK(has(read(npy("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8)), "Python objects"));
  CHECK(has(read(npy("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4)), "big-endian"));
  CHECK(has(read(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4)), "not what numpy writes"));
  CHECK(has(read(npy("{'descr': '<f4', 'descr': '<f4', 'shape': (1,), }", 4)), "not what numpy writes"));
  CHECK(has(read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (__import__('os'),), }", 4)), "not what numpy writes"));
  CHECK(
      has(read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4)), "not what numpy writes"));
  CHECK(has(read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }", 4)), "its size overflows"));
  CHECK(has(read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2000000000,), }", 4)), "1 are there"));
  CHECK(has(read(npy("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 8)), "needs 4 bytes, 8 are there"));
  CHECK(has(read(npy("{'descr': '<U99999999999999999999', 'fortran_order': False, 'shape': (1,), }", 8)), "unknown type"));
}

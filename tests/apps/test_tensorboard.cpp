#include <doctest/doctest.h>

#include <bit>
#include <chrono>
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "apps/tensorboard.h"
#include "tensor/checksum.h"
#include "tests/temporary_folder.h"

using namespace thorax;
using namespace thorax::test;
namespace fs = std::filesystem;

namespace {

template <class T>
T take(std::string_view& bytes) {
  REQUIRE(bytes.size() >= sizeof(T));
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes.remove_prefix(sizeof value);
  return value;
}

// RFC: github.com/tensorflow/tensorflow/blob/master/tensorflow/core/lib/io/record_writer.h
uint32_t unmasked(uint32_t masked) {
  return std::rotl(masked - 0xa282ead8U, 15);
}

std::vector<std::string> frames_of(std::string_view file) {
  std::vector<std::string> frames;
  while (!file.empty()) {
    const std::string_view length_bytes = file.substr(0, 8);
    const auto length = take<uint64_t>(file);
    CHECK(unmasked(take<uint32_t>(file)) == crc32c(std::as_bytes(std::span(length_bytes))));
    REQUIRE(length <= file.size());
    const std::string_view payload = file.substr(0, length);
    file.remove_prefix(length);
    CHECK(unmasked(take<uint32_t>(file)) == crc32c(std::as_bytes(std::span(payload))));
    frames.emplace_back(payload);
  }
  return frames;
}

// The fields of a protocol buffer message by number; fixed-size values and bytes as they are, varints as 8 bytes.
std::map<uint64_t, std::string> fields_of(std::string_view message) {
  const auto varint = [&] {
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
      const auto byte = take<uint8_t>(message);
      value |= static_cast<uint64_t>(byte & 0x7fU) << shift;
      if (byte < 0x80) return value;
    }
  };
  std::map<uint64_t, std::string> fields;
  while (!message.empty()) {
    const uint64_t key = varint();
    uint64_t size = 0;
    switch (key & 7U) {
      case 0: {
        const uint64_t value = varint();
        fields[key >> 3].assign(reinterpret_cast<const char*>(&value), sizeof value);
        continue;
      }
      case 1: size = 8; break;
      case 5: size = 4; break;
      case 2: size = varint(); break;
      default: FAIL("an unknown wire type");
    }
    REQUIRE(size <= message.size());
    fields[key >> 3] = message.substr(0, size);
    message.remove_prefix(size);
  }
  return fields;
}

template <class T>
T as(const std::string& bytes) {
  std::string_view view = bytes;
  return take<T>(view);
}

}  // namespace

TEST_CASE("tensorboard: an event file holds its version and each scalar") {
  const TemporaryFolder folder;
  const double before = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  {
    TensorBoard board(folder / "run/events", 300);
    board.add_scalar("loss/train", 0.25, 375);
    board.add_scalar("AUC/Größe", 0.1, int64_t{1} << 40);
  }
  const auto only = *fs::directory_iterator(folder / "run/events");
  CHECK(only.path().filename().string().starts_with("events.out.tfevents.1"));
  const auto frames = frames_of(read_text(only.path()));
  REQUIRE(frames.size() == 4);

  auto event = fields_of(frames[0]);
  CHECK(event[3] == "brain.Event:2");
  CHECK(as<double>(event[1]) >= before);
  CHECK(as<double>(event[1]) < before + 60);

  event = fields_of(frames[1]);
  CHECK(as<int64_t>(event[2]) == 301);
  CHECK(as<int64_t>(fields_of(event[7])[1]) == 1);

  event = fields_of(frames[2]);
  CHECK(as<int64_t>(event[2]) == 375);
  auto value = fields_of(fields_of(event[5])[1]);
  CHECK(value[1] == "loss/train");
  CHECK(as<float>(value[2]) == 0.25F);

  event = fields_of(frames[3]);
  CHECK(as<int64_t>(event[2]) == int64_t{1} << 40);
  value = fields_of(fields_of(event[5])[1]);
  CHECK(value[1] == "AUC/Größe");
  CHECK(as<float>(value[2]) == 0.1F);
}

TEST_CASE("tensorboard: a scalar's bytes are those of tensorflow's own encoder") {
  // tf.compat.v1.Event(step=3, summary={value {tag: "a" simple_value: 1.0}}) without wall_time: 10 03 2a 0a 0a 08 0a 01 61 15 00
  // 00 80 3f
  const TemporaryFolder folder;
  TensorBoard(folder.path()).add_scalar("a", 1.0, 3);
  const auto frames = frames_of(read_text(fs::directory_iterator(folder.path())->path()));
  REQUIRE(frames.size() == 2);
  CHECK(frames[1].substr(0, 1) == "\x09");
  CHECK(frames[1].substr(9) == std::string("\x10\x03\x2a\x0a\x0a\x08\x0a\x01\x61\x15\x00\x00\x80\x3f", 14));
}

TEST_CASE("tensorboard: each start has a file of its own, in the order of their names") {
  const TemporaryFolder folder;
  std::string first;
  for (int start = 0; start < 3; ++start) {
    TensorBoard(folder.path()).add_scalar("a", 1.0, start);
    std::string newest;
    for (const auto& entry : fs::directory_iterator(folder.path())) newest = std::max(newest, entry.path().string());
    CHECK(newest > first);
    first = newest;
  }
}

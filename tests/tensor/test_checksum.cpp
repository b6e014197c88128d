#include <doctest/doctest.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "tensor/checksum.h"

using namespace thorax;

TEST_CASE("xxh64 gives the numbers of the reference implementation, in one piece and in pieces") {
  // python: xxhash.xxh64(bytes((7 * i + 1) & 255 for i in range(n))).hexdigest()
  const std::pair<size_t, uint64_t> known[] = {{0, 0xef46db3751d8e999U},   {1, 0x8a4127811b21e730U},  {3, 0xb6e6c910c2fd373aU},
                                               {4, 0x22eda2cf6af4c124U},   {7, 0x34084d91a233a751U},  {8, 0xc6f1803a5e0b3222U},
                                               {31, 0x6ab1c40e29f50073U},  {32, 0x5a0756fbe9ecd3d1U}, {33, 0xdc50cdc37bb9c183U},
                                               {63, 0x10dd94885c71894aU},  {64, 0x90083da9cdb9d795U}, {100, 0xd248bfc5208b0b16U},
                                               {1000, 0x6be03acbf959c413U}};
  for (const auto& [n, expected] : known) {
    std::vector<std::byte> data(n);
    for (size_t i = 0; i < n; ++i) data[i] = static_cast<std::byte>(7 * i + 1);
    for (const size_t piece : {size_t{1}, size_t{5}, size_t{31}, size_t{32}, size_t{40}, size_t{5000}}) {
      Xxh64 hash;
      for (size_t at = 0; at < n; at += piece) hash.update(std::span(data).subspan(at, std::min(piece, n - at)));
      CHECK(hash.digest() == expected);
    }
  }
}

TEST_CASE("crc32c gives the numbers of RFC 3720, appendix B.4") {
  const auto crc = [](std::vector<uint8_t> bytes) { return crc32c(std::as_bytes(std::span(bytes))); };
  CHECK(crc({'1', '2', '3', '4', '5', '6', '7', '8', '9'}) == 0xe3069283U);
  CHECK(crc(std::vector<uint8_t>(32, 0)) == 0x8a9136aaU);
  CHECK(crc(std::vector<uint8_t>(32, 0xff)) == 0x62a8ab43U);
  CHECK(crc({}) == 0U);
}

#include <doctest/doctest.h>

#include <string>

#include "embed/checksum.h"
#include "tests/embed/made_model.h"

using namespace thorax;
using namespace thorax::test;

namespace {

std::string hex(const uint8_t* digest) {
  std::string text;
  for (int i = 0; i < 32; ++i) {
    text += "0123456789abcdef"[digest[i] >> 4];
    text += "0123456789abcdef"[digest[i] & 15];
  }
  return text;
}

std::string hashed(const std::string& bytes, bool portable) {
  uint8_t digest[32];
  (portable ? embed::sha256_portable : embed::sha256)(bytes.data(), bytes.size(), digest);
  return hex(digest);
}

}  // namespace

TEST_CASE("checksum: SHA-256 of FIPS 180-4's examples, by the processor and without it") {
  for (const bool portable : {false, true}) {
    CAPTURE(portable);
    CHECK(hashed("", portable) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(hashed("abc", portable) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(hashed("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", portable) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(hashed(std::string(1000000, 'a'), portable) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
  }
}

TEST_CASE("checksum: both kinds of SHA-256 agree at every length around blocks") {
  const std::vector<uint8_t> bytes = noise(300, 4);
  for (size_t length = 0; length <= bytes.size(); ++length) {
    const std::string text(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(length));
    CHECK(hashed(text, false) == hashed(text, true));
  }
}

TEST_CASE("checksum: CRC-32C of RFC 3720's examples, whole and in parts") {
  CHECK(embed::crc32c("123456789", 9) == 0xe3069283U);
  CHECK(embed::crc32c(std::string(32, '\0').data(), 32) == 0x8a9136aaU);
  CHECK(embed::crc32c(std::string(32, '\xff').data(), 32) == 0x62a8ab43U);
  CHECK(embed::crc32c("56789", 5, embed::crc32c("1234", 4)) == 0xe3069283U);
}

#include <doctest/doctest.h>

#include <string>

#include "tensor/sha256.h"

using namespace thorax;

namespace {
std::string sha256(const std::string& text, size_t piece) {
  Sha256 hash;
  for (size_t at = 0; at < text.size(); at += piece)
    hash.update(std::as_bytes(std::span(text)).subspan(at, std::min(piece, text.size() - at)));
  return hash.hex();
}
}  // namespace

// The examples of FIPS 180-4 (csrc.nist.gov, SHA256.pdf), and lengths around a block from Python's hashlib.
TEST_CASE("SHA-256: published examples, whatever the pieces") {
  for (const size_t piece : {1, 3, 63, 64, 65, 1000000}) {
    CAPTURE(piece);
    CHECK(sha256("", piece) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(sha256("abc", piece) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", piece) ==
          "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    CHECK(sha256(std::string(55, 'a'), piece) == "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318");
    CHECK(sha256(std::string(64, 'a'), piece) == "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb");
  }
  CHECK(sha256(std::string(1000000, 'a'), 1000) == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

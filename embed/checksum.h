// Checksums of .thx files: CRC-32C for the header, SHA-256 (FIPS 180-4) for the sections.
#pragma once

#include <cstddef>
#include <cstdint>

namespace thorax::embed {

uint32_t crc32c(const void* bytes, size_t count, uint32_t seed = 0);  // seed: of the bytes before
void sha256(const void* bytes, size_t count, uint8_t digest[32]);
// The same without the processor's instructions for it; for tests.
void sha256_portable(const void* bytes, size_t count, uint8_t digest[32]);

}  // namespace thorax::embed

// What is tried with bytes that may be anything. A property that does not hold ends the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace thorax::test {

// As they are, and with right checksums.
void check_verify(const uint8_t* bytes, size_t count);

// Opening agrees with verifying. What is accepted answers every question about itself, and is the only way to write what it
// holds.
void check_open(const uint8_t* bytes, size_t count);

// A valid file; members: DenseNets, or ResNets.
std::string seed_file(uint32_t members, bool dense);

// None: no frame that thx_file could have written.
std::optional<std::vector<std::string>> sections_of(const std::string& bytes);

}  // namespace thorax::test

#include "data/sandbox.h"

#include "data/refuse.h"

namespace thorax::data {

std::vector<uint8_t> decode_apart(const CodecJob& job, std::span<const uint8_t> in) {
  std::vector<uint8_t> out(job.bytes());
  const Outcome outcome = run_codec(job, in, out);
  if (outcome != Outcome::done) refuse("its pixels cannot be decoded");
  return out;
}

}  // namespace thorax::data

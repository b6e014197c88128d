// How fast an image file becomes the bytes that the network sees: read, checked, decoded in a process without rights, equalised,
// resized to 512x512. And what that process costs: the same decoder called in this one, beside all of decoding. Usage:
// bench_decode FILE [IMAGES [THREADS]]. Prints one JSON object.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "data/container.h"
#include "data/dicom.h"
#include "data/dicom_canonical.h"
#include "data/dicom_rle.h"
#include "data/image.h"
#include "data/parallel.h"
#include "data/preprocess.h"
#include "data/sandbox.h"
#include "data/source.h"
#include "tensor/error.h"

namespace {

using namespace thorax;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// What the decoder of this file gets; nothing where the file needs none.
struct Job {
  data::CodecJob job;
  std::vector<uint8_t> in;
};

std::optional<Job> job_of(const std::vector<uint8_t>& bytes) {
  if (!data::is_dicom(bytes)) {
    const data::Format format = data::format_of(bytes);
    const data::Size size = data::size_of(bytes, format).value();
    return Job{{format == data::Format::png ? data::Codec::png : data::Codec::jpeg, 1, size.height, size.width}, bytes};
  }
  const data::Dicom dicom = data::read_dicom(bytes);
  if (!data::is_encapsulated(dicom.syntax)) return std::nullopt;
  if (dicom.syntax == data::Syntax::rle) {
    return Job{{data::Codec::rle, static_cast<uint32_t>(dicom.bits_allocated / 8), dicom.rows, dicom.columns},
               {dicom.pixels.begin(), dicom.pixels.end()}};
  }
  return Job{{data::Codec::gdcm, dicom.coded.bits <= 8 ? 1U : 2U, dicom.rows, dicom.columns}, data::canonical_dicom(dicom)};
}

struct Cost {
  double apart_ms = 0, here_ms = 0, all_ms = 0;
};

// They take turns, an image in each thread; the fastest of each counts, since it is the same work each time. all_ms: from the
// file to 8 bits of grey.
Cost cost_of_isolation(const char* file, const Job& job, int rounds, int threads) {
  const auto decode_here = [&] {
    std::vector<uint8_t> samples(job.job.bytes());
    if (data::run_codec(job.job, job.in, samples) != data::Outcome::done) throw Error(Fault::defect, "the decoder fails");
    return samples;
  };
  if (data::decode_apart(job.job, job.in) != decode_here()) throw Error(Fault::defect, "the two decoders disagree");
  const auto faster = [&](double& best_ms, const auto& work) {
    const auto start = Clock::now();
    data::in_parallel(static_cast<size_t>(threads), threads, [&](size_t) { work(); });
    best_ms = std::min(best_ms, 1e3 * seconds_since(start) / threads);
  };
  Cost best{1e9, 1e9, 1e9};
  for (int i = 0; i < rounds; ++i) {
    faster(best.apart_ms, [&] { data::decode_apart(job.job, job.in); });
    faster(best.here_ms, decode_here);
    faster(best.all_ms, [&] { data::decode_image(file); });
  }
  return best;
}

int run(const char* file, int images, int threads) {
  const auto read = [&] { return data::preprocess(data::decode_image(file), data::Recipe{}); };
  data::in_parallel(static_cast<size_t>(threads), threads, [&](size_t) { read(); });  // starts the processes
  auto start = Clock::now();
  data::in_parallel(static_cast<size_t>(images), threads, [&](size_t) { read(); });
  const double all = images / seconds_since(start);
  start = Clock::now();
  data::in_parallel(static_cast<size_t>(images), threads, [&](size_t) { data::decode_image(file); });
  const double decoding = images / seconds_since(start);
  std::printf("{\"images_per_second\": %.2f, \"decoded_per_second\": %.2f", all, decoding);
  if (const auto job = job_of(data::Source(file).read_all())) {
    const Cost cost = cost_of_isolation(file, *job, std::min(images, 20), threads);
    std::printf(", \"decoder_apart_ms\": %.2f, \"decoder_here_ms\": %.2f, \"decode_ms\": %.2f", cost.apart_ms, cost.here_ms,
                cost.all_ms);
  }
  std::printf("}\n");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return 2;
  try {
    return run(argv[1], argc > 2 ? std::atoi(argv[2]) : 20, argc > 3 ? std::atoi(argv[3]) : 2);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "bench_decode: %s\n", e.what());
    return 1;
  }
}

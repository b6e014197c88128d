// How fast an image file becomes the bytes that the network sees: read, checked, decoded in a process without rights, equalised,
// resized to 512x512. And what that process costs: all of decoding, and the same with the decoder called in this process. Usage:
// bench_decode FILE [IMAGES [THREADS]]. Prints one JSON object.
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <optional>
#include <span>
#include <utility>

#include "data/container.h"
#include "data/dicom.h"
#include "data/dicom_grey.h"
#include "data/dicom_samples.h"
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

data::DecoderInput input_of(std::span<const uint8_t> bytes) {
  const data::Format format = data::format_of(bytes);
  const data::Size size = data::size_of(bytes, format).value();
  return {{format == data::Format::png ? data::Codec::png : data::Codec::jpeg, 1, size.height, size.width}, bytes};
}

data::DecoderInput input_of(const data::Dicom& dicom) {
  data::DecoderInput input = data::decoder_input(dicom);
  if (8 * input.job.bytes_per_sample < static_cast<uint32_t>(dicom.bits_allocated))
    throw Error(Fault::input, "8 bits that are allocated as 16 are not measured");
  return input;
}

bool needs_decoder(const std::vector<uint8_t>& bytes) {
  return !data::is_dicom(bytes) || data::is_encapsulated(data::read_dicom(bytes, data::Look::header).syntax);
}

// What decode_image() does, with the decoder called here.
std::vector<uint8_t> decode_here(const char* file) {
  const std::vector<uint8_t> bytes = data::Source(file).read_all();
  std::optional<data::Dicom> dicom;
  if (data::is_dicom(bytes))
    dicom = data::read_dicom(bytes);
  else if (!data::why_not_whole(bytes, data::format_of(bytes)).empty())
    throw Error(Fault::defect, "not whole");
  const data::DecoderInput input = dicom ? input_of(*dicom) : input_of(bytes);
  std::vector<uint8_t> samples(input.job.bytes());
  if (data::run_codec(input.job, input.bytes, samples) != data::Outcome::done) throw Error(Fault::defect, "the decoder fails");
  return dicom ? data::grey_of(*dicom, samples) : samples;
}

double seconds_of(clockid_t clock) {
  timespec time{};
  if (clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// Of this process and of the decoder processes that any of its threads has started.
double seconds_of_computing() {
  double seconds = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::ifstream children(thread.path() / "children");
    clockid_t clock{};
    for (pid_t child = 0; children >> child;) seconds += clock_getcpuclockid(child, &clock) == 0 ? seconds_of(clock) : 0;
  }
  return seconds;
}

// Of an image, in ms: on the clock, with an image in each thread, and of computing.
struct Times {
  double clock = 1e9, computing = 1e9;
};

// From the file to 8 bits of grey, the decoder in a process of its own and the decoder here. They take turns; the fastest of each
// counts, since it is the same work each time.
std::pair<Times, Times> apart_and_here(const char* file, int rounds, int threads) {
  if (data::decode_image(file).grey != decode_here(file)) throw Error(Fault::defect, "the two decoders disagree");
  const auto faster = [&](Times& best, const auto& work) {
    const auto start = Clock::now();
    const double computed = seconds_of_computing();
    data::in_parallel(static_cast<size_t>(threads), threads, [&](size_t) { work(); });
    best.clock = std::min(best.clock, 1e3 * seconds_since(start) / threads);
    best.computing = std::min(best.computing, 1e3 * (seconds_of_computing() - computed) / threads);
  };
  Times apart;
  Times here;
  for (int i = 0; i < rounds; ++i) {
    faster(apart, [&] { data::decode_image(file); });
    faster(here, [&] { decode_here(file); });
  }
  return {apart, here};
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
  if (needs_decoder(data::Source(file).read_all())) {
    const auto [apart, here] = apart_and_here(file, std::min(images, 20), threads);
    std::printf(", \"apart_ms\": %.2f, \"here_ms\": %.2f, \"apart_computing_ms\": %.2f, \"here_computing_ms\": %.2f", apart.clock,
                here.clock, apart.computing, here.computing);
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

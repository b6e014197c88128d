// bf16: the kernels beside sums of whole numbers, which are exact in it, between forbidden pages; networks beside themselves in
// fp32.
#include <doctest/doctest.h>

#include <cfloat>
#include <cmath>

#include "embed/bf16_conv.h"
#include "embed/isa.h"
#include "tests/embed/guarded.h"
#include "tests/embed/made_model.h"

using namespace thorax;
using namespace thorax::test;

namespace {

std::vector<int> limits() {
  std::vector<int> sets;
  for (const int isa : {THORAX_ISA_AVX512, THORAX_ISA_AMX}) {
    const embed::Bf16Kernels* kernels = embed::bf16_kernels_up_to(isa);
    if (kernels != nullptr && (sets.empty() || kernels != embed::bf16_kernels_up_to(sets.back()))) sets.push_back(isa);
  }
  if (sets.empty()) MESSAGE("no bf16 on this processor: left out");
  return sets;
}

thorax_options bf16_options(int isa, int threads) {
  thorax_options o = options_of(isa, threads);
  o.precision = THORAX_BF16;
  return o;
}

int drawn(uint64_t& state, int range) {
  state = state * 6364136223846793005U + 1442695040888963407U;
  return static_cast<int>((state >> 40) % static_cast<uint64_t>(2 * range + 1)) - range;
}

// Channel c of a pixel.
bf16* at(const embed::Map& map, int y, int x, int c) {
  return reinterpret_cast<bf16*>(map.at(c / 32, y, x)) + c % 32;
}

struct Case {
  int in, out, kernel, stride, size;
  embed::Prologue prologue;
};

// A convolution of small whole numbers, whose sums stay below 256: bf16 holds them all.
struct Whole {
  embed::Layer layer{};
  embed::Member member{};
  std::vector<float> weights, bias, clamp;
  int result;  // side of the output
  Guarded<float> x, y;
  Buffer scratch;
  embed::Map in, out;

  Whole(const Case& s, Flush flush)
      : result(s.prologue == embed::Prologue::clamp_pool ? s.size / 2 : (s.size - 1) / s.stride + 1),
        x(embed::map_floats(s.in / 2, s.size, s.kernel / 2), flush),
        y(embed::map_floats(s.out / 2, result, 1), flush),
        scratch(4 << 20),
        in{x.data(), s.size, s.size, s.kernel / 2},
        out{y.data(), result, result, 1} {
    uint64_t state = 7;
    layer = {embed::Kind::conv,
             static_cast<uint32_t>(s.in),
             static_cast<uint32_t>(s.out),
             static_cast<uint32_t>(s.kernel),
             static_cast<uint32_t>(s.stride),
             s.prologue,
             0,
             0,
             0};
    const int taps = s.kernel * s.kernel;
    for (int i = 0; i < s.out * s.in * taps; ++i) weights.push_back(drawn(state, 24) == 0 ? 1.0F : 0.0F);
    for (int i = 0; i < s.out; ++i) bias.push_back(static_cast<float>(drawn(state, 3)));
    const bool clamps = s.prologue != embed::Prologue::none;
    for (int i = 0; i < s.in && clamps; ++i) clamp.push_back(i % 3 == 0 ? -FLT_MAX : static_cast<float>(i % 3 - 1));
    for (int i = 0; i < s.in && clamps; ++i) clamp.push_back(i % 3 == 0 ? 1.0F : FLT_MAX);
    member = {nullptr, weights.data(), bias.data(), clamp.data(), {}};
    member.table.count = 1;
    member.table.layers[0] = layer;
    for (int row = 0; row < s.size; ++row)
      for (int column = 0; column < s.size; ++column)
        for (int c = 0; c < s.in; ++c) *at(in, row, column, c) = to_bf16(static_cast<float>(4 * drawn(state, 1)));
    for (int row = 0; row < result; ++row)
      for (int column = 0; column < result; ++column)
        for (int c = 0; c < s.out; ++c) *at(out, row, column, c) = to_bf16(static_cast<float>(drawn(state, 3)));
  }
  float input(int row, int column, int c) const {
    const float low = clamp[static_cast<size_t>(c)], high = clamp[clamp.size() / 2 + static_cast<size_t>(c)];
    return std::min(std::max(to_float(*at(in, row, column, c)), low), high);
  }
  // Of the file: clamps as they are, the bias with the whole of them.
  double sum(int o, int row, int column) const {
    const auto pad = static_cast<int>(layer.kernel) / 2, taps = static_cast<int>(layer.kernel * layer.kernel);
    double total = static_cast<double>(bias[static_cast<size_t>(o)]);
    for (int c = 0; c < static_cast<int>(layer.in); ++c) {
      for (int tap = 0; tap < taps; ++tap) {
        const auto w = static_cast<double>(
            weights[static_cast<size_t>(((o / 16 * static_cast<int>(layer.in) + c) * taps + tap) * 16 + o % 16)]);
        const int stride = static_cast<int>(layer.stride), kernel = static_cast<int>(layer.kernel);
        if (layer.prologue == embed::Prologue::clamp_pool)
          total += w * static_cast<double>((input(2 * row, 2 * column, c) + input(2 * row, 2 * column + 1, c) +
                                            input(2 * row + 1, 2 * column, c) + input(2 * row + 1, 2 * column + 1, c)) /
                                           4);
        else if (layer.prologue == embed::Prologue::clamp)
          total += w * static_cast<double>(input(row, column, c));
        else
          total += w * static_cast<double>(
                           to_float(*at(in, row * stride - pad + tap / kernel, column * stride - pad + tap % kernel, c)));
      }
    }
    return total;
  }
};

void check_whole(const Case& shape, int isa, int threads, bool add, bool relu) {
  CAPTURE(shape.kernel);
  CAPTURE(shape.size);
  CAPTURE(shape.stride);
  CAPTURE(shape.out);
  const Flush flush = threads == 1 ? Flush::front : Flush::back;
  Whole w(shape, flush);
  const Guarded<uint16_t> packed(w.weights.size(), flush);
  const Guarded<float> bias(w.bias.size(), flush);
  embed::Workers workers{};
  const Buffer stacks(static_cast<size_t>(threads) * embed::stack_bytes);
  REQUIRE(workers.start(threads, thorax_host{}, reinterpret_cast<unsigned char*>(stacks.data())));
  const embed::Machine machine = {embed::kernels_up_to(THORAX_ISA_BEST), embed::bf16_kernels_up_to(isa), &workers,
                                  reinterpret_cast<float*>(w.scratch.data()),
                                  w.scratch.bytes() / 4 / static_cast<size_t>(threads)};
  embed::pack_bf16(machine, w.member, packed.data(), bias.data());
  std::vector<double> expected;
  for (int y = 0; y < w.out.height; ++y) {
    for (int x = 0; x < w.out.width; ++x) {
      for (int o = 0; o < shape.out; ++o) {
        const double total = w.sum(o, y, x) + (add ? static_cast<double>(to_float(*at(w.out, y, x, o))) : 0.0);
        expected.push_back(relu ? std::max(total, 0.0) : total);
      }
    }
  }
  CHECK(embed::run_bf16_conv(machine, {&w.member, &w.layer, w.in, w.out, 0, add, relu, bias.data()}, packed.data()));
  workers.stop();
  size_t wrong = 0, number = 0, not_zero = 0;
  for (int y = 0; y < w.out.height; ++y)
    for (int x = 0; x < w.out.width; ++x)
      for (int o = 0; o < shape.out; ++o, ++number) {
        wrong += static_cast<double>(to_float(*at(w.out, y, x, o))) == expected[number] ? 0 : 1;
        not_zero += expected[number] == 0.0 ? 0 : 1;
      }
  CHECK(wrong == 0);
  CHECK(2 * not_zero > number / 2);
  for (int x = -1; x <= w.out.width; ++x) CHECK(to_float(*at(w.out, -1, x, 5)) == 0);  // the halo
}

float largest_of(const std::vector<float>& values) {
  float largest = 0;
  for (const float v : values) largest = std::max(largest, std::fabs(v));
  return largest;
}

float difference(const std::vector<float>& a, const std::vector<float>& b) {
  float most = 0;
  for (size_t i = 0; i < a.size(); ++i) most = std::max(most, std::fabs(a[i] - b[i]));
  return most;
}

}  // namespace

TEST_CASE("bf16: sums of whole numbers are exact, whatever the shape") {
  using embed::Prologue;
  const Case shapes[] = {
      {64, 96, 1, 1, 7, Prologue::none},        {32, 32, 1, 1, 33, Prologue::clamp}, {96, 64, 1, 1, 16, Prologue::clamp},
      {64, 32, 1, 1, 12, Prologue::clamp_pool}, {32, 64, 1, 2, 17, Prologue::none},  {32, 32, 3, 1, 1, Prologue::none},
      {32, 64, 3, 1, 16, Prologue::none},       {64, 32, 3, 1, 37, Prologue::none},  {32, 32, 3, 2, 15, Prologue::none},
      {64, 96, 3, 2, 24, Prologue::none},       {192, 192, 3, 1, 5, Prologue::none}};
  for (const int isa : limits()) {
    CAPTURE(isa);
    for (const Case& shape : shapes) {
      check_whole(shape, isa, 1, false, false);
      check_whole(shape, isa, 3, shape.prologue == Prologue::none, true);
    }
  }
}

TEST_CASE("bf16: every architecture comes close to fp32, with the same bits for any number of threads") {
  const std::vector<uint8_t> pixels = noise(120 * 100, 2);
  const thorax_image image = grey_image(pixels, 120, 100);
  for (const auto& [name, size] : {std::pair<const char*, int64_t>{"densenet_tiny", 96},
                                   {"densenet_tiny", 75},
                                   {"resnet18", 43},
                                   {"resnet50", 64},
                                   {"resnet101", 32},
                                   {"densenet169", 32},
                                   {"densenet121", 256}}) {
    CAPTURE(name);
    const Opened opened(MadeModel(name, size).thx());
    const Outcome exact = run(opened, options_of(THORAX_ISA_BEST, 1), image);
    for (const int isa : limits()) {
      CAPTURE(isa);
      const Outcome expected = run(opened, bf16_options(isa, 1), image);
      CHECK(difference(exact.logits, expected.logits) < 0.02F * largest_of(exact.logits));
      CHECK(difference(exact.logits, expected.logits) > 0);
      CHECK(difference(exact.maps, expected.maps) < 0.05F * largest_of(exact.maps));
      for (int threads = 2; threads <= 5; ++threads) {
        CAPTURE(threads);
        CHECK(run(opened, bf16_options(isa, threads), image) == expected);
      }
    }
  }
}

TEST_CASE("bf16: what cannot be is refused, and the session says what it runs with") {
  const Opened opened(small_file());
  thorax_info info{};
  info.size = sizeof info;
  REQUIRE(thorax_describe(opened.model, &info) == THORAX_OK);
  CHECK(info.precisions == (THORAX_FP32 | THORAX_BF16));
  const auto refusal = [&](const thorax_options& options) {
    thorax_session* session = nullptr;
    const thorax_status status = thorax_session_create(opened.model, &options, nullptr, 0, &session, nullptr);
    CHECK(session == nullptr);
    return status;
  };
  CHECK(refusal(bf16_options(THORAX_ISA_PORTABLE, 1)) == THORAX_UNSUPPORTED);
  thorax_options both = bf16_options(THORAX_ISA_BEST, 1);
  both.flags = THORAX_WINOGRAD;
  CHECK(refusal(both) == THORAX_BAD_ARG);
  for (const int isa : limits()) {
    const Session session(opened, bf16_options(isa, 1));
    thorax_stats stats{};
    stats.size = sizeof stats;
    REQUIRE(thorax_get_stats(session.session, &stats) == THORAX_OK);
    CHECK(std::string(stats.isa).find("bf16") != std::string::npos);
  }
}

TEST_CASE("bf16: the self-test tries it too") {
  for (const int isa : limits()) {
    const Opened opened(small_file());
    const Session session(opened, bf16_options(isa, 1));
    REQUIRE(thorax_self_test(session.session, nullptr) == THORAX_OK);
    const embed::Member& member = opened.model->file.member[0];
    for (uint64_t i = member.table.layers[1].weights; i < member.table.weights; ++i) session.session->own[0].bf16[i] ^= 0x8000U;
    CHECK(thorax_self_test(session.session, nullptr) == THORAX_SELFTEST);
  }
}

TEST_CASE("bf16: needs exactly the memory that it tells, DenseNet-121 at 512x512 less than 26 MB") {
  if (limits().empty()) return;
  const Opened opened(MadeModel("densenet121", 512).thx());
  const thorax_options options = bf16_options(THORAX_ISA_BEST, 1);
  size_t bytes = 0, align = 0;
  REQUIRE(thorax_session_size(opened.model, &options, &bytes, &align, nullptr) == THORAX_OK);
  CHECK(bytes < 26000000);
  const Buffer memory(bytes + 2 * align);
  std::memset(memory.data(), 0xa5, memory.bytes());
  thorax_session* s = nullptr;
  std::byte* const start = memory.data() + align;
  REQUIRE(thorax_session_create(opened.model, &options, start, bytes, &s, nullptr) == THORAX_OK);
  const std::vector<uint8_t> pixels = noise(64 * 64, 5);
  const thorax_image image = grey_image(pixels, 64, 64);
  float probabilities[3];
  CHECK(thorax_run(s, &image, probabilities, 3, nullptr) == THORAX_OK);
  thorax_session_destroy(s);
  bool untouched = true;
  for (size_t i = 0; i < align; ++i)
    untouched = untouched && memory.data()[i] == std::byte{0xa5} && start[bytes + i] == std::byte{0xa5};
  CHECK(untouched);
}

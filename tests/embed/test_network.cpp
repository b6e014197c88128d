// Whole networks: libthorax beside the trainer, and beside itself on other instruction sets and with other numbers of threads.
#include <doctest/doctest.h>

#include <cfenv>
#include <cmath>

#include "embed/isa.h"
#include "metrics/calibration.h"
#include "tests/embed/made_model.h"

using namespace thorax;
using namespace thorax::test;

namespace {

Outcome run(const std::string& file, const thorax_options& options, const thorax_image& image) {
  return run(Opened(file), options, image);
}

std::vector<int> instruction_sets() {
  std::vector<int> sets{THORAX_ISA_PORTABLE};
  for (const int isa : {THORAX_ISA_AVX2, THORAX_ISA_AVX512, THORAX_ISA_NEON}) {
    const embed::Kernels* kernels = embed::kernels_up_to(isa);
    if (kernels != nullptr && kernels != embed::kernels_up_to(sets.back())) sets.push_back(isa);
  }
  return sets;
}

void compare_with_trainer(const std::string& name, int64_t size) {
  CAPTURE(name);
  CAPTURE(size);
  MadeModel model(name, size, 3);
  const std::vector<uint8_t> pixels = noise(90 * 70, 1);
  const Outcome ours = run(model.thx(), options_of(THORAX_ISA_BEST, 1), grey_image(pixels, 90, 70));
  const Answer theirs = model.answer(data::preprocess({70, 90, pixels}, model.description.recipe));
  float largest = 0;
  for (size_t k = 0; k < theirs.logits.size(); ++k) {
    CHECK(std::fabs(ours.logits[k] - theirs.logits[k]) < 1e-4F);
    largest = std::max(largest, std::fabs(theirs.logits[k]));
  }
  CHECK(largest > 0.05F);
  CHECK(largest < 50.0F);
}

}  // namespace

TEST_CASE("network: the trainer's logits, every architecture") {
  for (const char* name : {"densenet121", "densenet169", "densenet201", "resnet18", "resnet50", "resnet101", "densenet_tiny"})
    compare_with_trainer(name, 32);
  compare_with_trainer("densenet121", 96);
}

TEST_CASE("network: the trainer's logits where halves are not whole") {
  for (const int64_t size : {75, 97, 111}) compare_with_trainer("densenet_tiny", size);
  compare_with_trainer("resnet18", 75);
  compare_with_trainer("resnet50", 43);
}

TEST_CASE("network: the same bits for every instruction set and 1 to 8 threads") {
  const std::vector<uint8_t> pixels = noise(120 * 100, 2);
  const thorax_image image = grey_image(pixels, 120, 100);
  for (const auto& [name, size] : {std::pair<const char*, int64_t>{"densenet_tiny", 96},
                                   {"densenet_tiny", 75},
                                   {"resnet18", 43},
                                   {"resnet50", 32},
                                   {"densenet121", 64}}) {
    CAPTURE(name);
    const Opened opened(MadeModel(name, size).thx());
    const Outcome expected = run(opened, options_of(THORAX_ISA_PORTABLE, 1, THORAX_NO_SELFTEST), image);
    for (const int isa : instruction_sets()) {
      CAPTURE(isa);
      for (int threads = 1; threads <= 8; ++threads) {
        if (isa == THORAX_ISA_PORTABLE && (threads > 3 || size == 64)) break;
        CAPTURE(threads);
        CHECK(run(opened, options_of(isa, threads, THORAX_NO_SELFTEST), image) == expected);
      }
    }
  }
}

TEST_CASE("network: Winograd's convolutions come close to the sums, with the same bits everywhere") {
  const std::vector<uint8_t> pixels = noise(120 * 100, 2);
  const thorax_image image = grey_image(pixels, 120, 100);
  for (const auto& [name, size] :
       {std::pair<const char*, int64_t>{"densenet_tiny", 75}, {"resnet18", 43}, {"resnet50", 45}, {"densenet121", 64}}) {
    CAPTURE(name);
    const Opened opened(MadeModel(name, size).thx());
    const Outcome direct = run(opened, options_of(THORAX_ISA_BEST, 1), image);
    const Outcome expected = run(opened, options_of(THORAX_ISA_BEST, 1, THORAX_WINOGRAD), image);
    CHECK_FALSE(expected.logits == direct.logits);
    for (size_t k = 0; k < direct.logits.size(); ++k) CHECK(std::fabs(expected.logits[k] - direct.logits[k]) < 1e-4F);
    for (size_t i = 0; i < direct.maps.size(); ++i) CHECK(std::fabs(expected.maps[i] - direct.maps[i]) < 1e-3F);
    for (const int isa : instruction_sets()) {
      CAPTURE(isa);
      for (int threads = 1; threads <= 8; ++threads) {
        if (isa == THORAX_ISA_PORTABLE && (threads > 3 || size == 64)) break;
        CAPTURE(threads);
        CHECK(run(opened, options_of(isa, threads, THORAX_NO_SELFTEST | THORAX_WINOGRAD), image) == expected);
      }
    }
  }
}

TEST_CASE("network: the self-test tries Winograd's convolutions too") {
  const Opened opened(small_file());
  const Session session(opened, options_of(THORAX_ISA_BEST, 1, THORAX_WINOGRAD));
  REQUIRE(thorax_self_test(session.session, nullptr) == THORAX_OK);
  for (int i = 0; i < 128 * 16; ++i) session.session->own[0].winograd[i] += 1;
  CHECK(thorax_self_test(session.session, nullptr) == THORAX_SELFTEST);
}

TEST_CASE("network: the caller's rounding mode and flushing of denormals are neither used nor changed") {
  const std::vector<uint8_t> pixels = noise(64 * 64, 2);
  const thorax_image image = grey_image(pixels, 64, 64);
  const Opened opened(MadeModel("densenet_tiny", 64).thx());
  const Session session(opened, options_of(THORAX_ISA_BEST, 2));
  const Outcome expected = run(opened, session.session, image);
  REQUIRE(std::fesetround(FE_UPWARD) == 0);
  const Outcome upward = run(opened, session.session, image);
  const int mode = std::fegetround();
  REQUIRE(std::fesetround(FE_TONEAREST) == 0);
  CHECK(mode == FE_UPWARD);
  CHECK(upward == expected);

  // Nor while a session's own weights are made.
  const Outcome winograd = run(opened, options_of(THORAX_ISA_BEST, 1, THORAX_WINOGRAD), image);
  REQUIRE(std::fesetround(FE_UPWARD) == 0);
  const Session made_upward(opened, options_of(THORAX_ISA_BEST, 1, THORAX_WINOGRAD));
  REQUIRE(std::fesetround(FE_TONEAREST) == 0);
  CHECK(run(opened, made_upward.session, image) == winograd);
}

TEST_CASE("network: a hundred runs of two sessions in turn leave the same bits") {
  const std::vector<uint8_t> one = noise(64 * 64, 2), other = noise(50 * 80, 3);
  const Opened opened(MadeModel("densenet_tiny", 64).thx());
  const Session a(opened, options_of(THORAX_ISA_BEST, 2)), b(opened, options_of(THORAX_ISA_BEST, 1));
  const Outcome first = run(opened, a.session, grey_image(one, 64, 64));
  const Outcome second = run(opened, b.session, grey_image(other, 50, 80));
  CHECK_FALSE(first == second);
  for (int i = 0; i < 50; ++i) {
    CHECK(run(opened, i % 2 == 0 ? a.session : b.session, grey_image(one, 64, 64)) == first);
    CHECK(run(opened, i % 2 == 0 ? b.session : a.session, grey_image(other, 50, 80)) == second);
  }
}

TEST_CASE("network: class maps are the classifier at every pixel, their mean the logit without its bias") {
  MadeModel model("densenet_tiny", 96);
  constexpr int side = 3;
  const std::vector<uint8_t> pixels = noise(96 * 96, 7);
  model.description.recipe.equalize = false;
  const Opened opened(model.thx());
  const Session session(opened, options_of(THORAX_ISA_BEST, 1));
  std::vector<float> probabilities(3);
  const thorax_image image = grey_image(pixels, 96, 96);
  REQUIRE(thorax_run(session.session, &image, probabilities.data(), 3, nullptr) == THORAX_OK);
  thorax_info info{};
  info.size = sizeof info;
  REQUIRE(thorax_describe(opened.model, &info) == THORAX_OK);
  REQUIRE(info.map_size == side);
  const Answer answer = model.answer(pixels);
  const float* weights = model.store.find("classifier.weight").as<float>();
  const float* bias = model.store.find("classifier.bias").as<float>();
  const auto channels = answer.features.size() / (side * side);
  for (int k = 0; k < 3; ++k) {
    std::vector<float> map(side * side);
    REQUIRE(thorax_cam(session.session, k, map.data(), side, side, 0, nullptr) == THORAX_OK);
    double mean = 0;
    for (size_t p = 0; p < map.size(); ++p) {
      double expected = 0;
      for (size_t c = 0; c < channels; ++c)
        expected += double{weights[static_cast<size_t>(k) * channels + c]} * double{answer.features[c * map.size() + p]};
      CHECK(std::fabs(double{map[p]} - expected) < 1e-4);
      mean += double{map[p]} / (side * side);
    }
    CHECK(std::fabs(mean + double{bias[k]} - double{answer.logits[static_cast<size_t>(k)]}) < 1e-4);
    // Corners of a larger map are the corner's pixel; a stride leaves the rest alone.
    std::vector<float> large(20 * 16, -7.0F);
    REQUIRE(thorax_cam(session.session, k, large.data(), 15, 16, 20, nullptr) == THORAX_OK);
    CHECK(large[0] == map[0]);
    CHECK(large[15 * 20 + 14] == map[8]);
    CHECK(large[7 * 20 + 7] != -7.0F);
    CHECK(large[15] == -7.0F);
  }
}

TEST_CASE("network: an ensemble's probabilities are its members' mean, in the first one's order of classes") {
  const MadeModel first("resnet18", 32, 1, {"A", "B", "C"});
  const MadeModel second("densenet_tiny", 32, 2, {"C", "A", "B"});
  const std::vector<uint8_t> pixels = noise(64 * 64, 2);
  const thorax_image image = grey_image(pixels, 64, 64);
  const auto alone = [&](const MadeModel& m) { return run(m.thx(), options_of(THORAX_ISA_BEST, 1), image); };
  const Outcome a = alone(first), b = alone(second);
  const std::string file = models_as_thx({first.member(), second.member()});
  const Outcome both = run(file, options_of(THORAX_ISA_BEST, 2), image);
  for (size_t k = 0; k < 3; ++k) {
    const size_t there = (k + 1) % 3;
    CHECK(both.probabilities[k] == static_cast<float>((double{a.probabilities[k]} + double{b.probabilities[there]}) / 2));
    for (size_t i = 0; i < 35; ++i)
      CHECK(std::fabs(both.maps[k * 35 + i] - (a.maps[k * 35 + i] + b.maps[there * 35 + i]) / 2) < 1e-5F);
  }
  const Opened opened(file);
  float cutoff = 0;
  CHECK(thorax_threshold(opened.model, 0, &cutoff) == THORAX_UNSUPPORTED);
  CHECK(std::string(thorax_metadata(opened.model, "name")) == "mean of resnet18, densenet_tiny");
  CHECK(std::string(thorax_metadata(opened.model, "member2.thorax.model")) == "densenet_tiny");
}

TEST_CASE("network: members whose class maps have different sizes are refused") {
  const MadeModel dense("densenet_tiny", 48), residual("resnet18", 48);
  CHECK_THROWS_AS(models_as_thx({dense.member(), residual.member()}), Error);
  const MadeModel other("densenet_tiny", 48, 1, {"A", "B", "D"});
  CHECK_THROWS_AS(models_as_thx({dense.member(), other.member()}), Error);
}

TEST_CASE("network: probabilities are calibrated as evaluate calibrates them, where the file says so") {
  const MadeModel model("densenet_tiny", 64);
  std::string file = model.thx();
  const std::vector<uint8_t> pixels = noise(64 * 64, 2);
  const thorax_image image = grey_image(pixels, 64, 64);
  const Outcome plain = run(file, options_of(THORAX_ISA_BEST, 1), image);
  const embed::ThresholdRecord record = {1.7, -0.4, 0.5F, 3};
  std::memcpy(file.data() + section_of(file, 6).offset + sizeof record, &record, sizeof record);
  file = repaired(file);
  const Outcome calibrated = run(file, options_of(THORAX_ISA_BEST, 1), image);
  CHECK(calibrated.probabilities[0] == plain.probabilities[0]);
  CHECK(std::fabs(calibrated.probabilities[1] - metrics::calibrated(plain.probabilities[1], {1.7, -0.4})) < 1e-6F);
  CHECK(std::fabs(plain.probabilities[0] - 1 / (1 + std::exp(-plain.logits[0]))) < 1e-6F);
}

// What a timed step says of itself.
#include <doctest/doctest.h>

#include "apps/step_benchmark.h"
#include "tensor/json.h"
#include "tests/device.h"

using namespace thorax;

namespace {

StepResult small_step(bool training) {
  StepCase c;
  c.spec.model = "resnet18";
  c.spec.classes = 10;
  c.spec.size = 32;
  c.spec.stream = test::test_stream(2);
  c.batch = 2;
  c.training = training;
  c.steps = 2;
  c.by_op = true;
  return measure_step(c);
}

}  // namespace

TEST_CASE("step: the same case leaves the same parameters, inference changes none") {
  const StepResult a = small_step(true), b = small_step(true), c = small_step(false), d = small_step(false);
  CHECK(a.checksum == b.checksum);
  CHECK(a.loss == b.loss);
  CHECK(c.checksum == d.checksum);
  CHECK(a.checksum != c.checksum);
  CHECK(a.flops > 2.5 * c.flops);
  CHECK(a.bytes > 0);
}

TEST_CASE("step: as JSON") {
  const StepResult r = small_step(true);
  const bench::Ceilings ceilings{1e10, 1e11, 0};
  const Json json = parse_json(json_of(r, ceilings), "result");
  CHECK(json.find("name")->text == "resnet18 train 32x32 batch 2 f32");
  CHECK(json.find("mode")->text == "train");
  CHECK(json.find("batch")->integer().value() == 2);
  for (const char* key :
       {"median_s", "low_s", "high_s", "images_s", "ms_per_image", "peak_mib", "arena_mib", "roofline_percent"}) {
    CAPTURE(key);
    REQUIRE(json.find(key) != nullptr);
    CHECK(json.find(key)->number().value() > 0);
  }
  CHECK(json.find("checksum")->text.size() == 16);
  const Json* ops = json.find("ops");
  REQUIRE(ops != nullptr);
  CHECK(ops->items.size() == r.ops.size());
}

TEST_CASE("step: the bound is that of arithmetic or of memory, whichever is longer") {
  StepResult r;
  r.what.spec.dtype = DType::bf16;
  r.flops = 6e12;
  r.bytes = 1e9;
  CHECK(r.roofline({1e9, 1e12, 2e12}) == doctest::Approx(3));
  CHECK(r.roofline({1e8, 1e12, 2e12}) == doctest::Approx(10));
}

TEST_CASE("step: ops of one kind are one line, the slowest first") {
  const std::string table =
      op_table({{"block1.layer1.conv1", 0.001, 2e9}, {"pool0", 0.004, 0}, {"block1.layer12.conv1", 0.002, 2e9}});
  CHECK(table.find("pool#") < table.find("block#.layer#.conv#"));
  CHECK(table.find("    3.000   42.9      2    1333.3  block#.layer#.conv#\n") != std::string::npos);
}

// Every kernel against double at small sizes, as `thorax bench kernels` checks it before it times; and that a wrong one is found.
#include <doctest/doctest.h>

#include <algorithm>

#include "bench/kernels/measure.h"
#include "tensor/json.h"
#include "tensor/queue.h"
#include "tests/device.h"

using namespace thorax;
using namespace thorax::bench;

namespace {

const TimingOptions quick{false, 0};

// The sizes of the lists with small planes and few images.
std::vector<Problem> small_problems() {
  std::vector<Problem> all;
  for (const ProblemList& list : problem_lists()) {
    for (Problem p : parse_problems(list.text, list.name)) {
      for (auto& [name, value] : p.sizes) {
        if (name == "h" || name == "w") value = std::min<int64_t>(value, 12);
        if (name == "count") value = 12345;
        if (name == "c" || name == "of" || name == "o") value = std::min<int64_t>(value, name == "of" ? 96 : 64);
        if (name == "at") value = 32;
      }
      if (p.sizes.count("count") == 0) p.sizes.emplace("n", 2);
      const auto same = [&](const Problem& o) { return o.kernel == p.kernel && o.sizes == p.sizes; };
      if (std::none_of(all.begin(), all.end(), same)) all.push_back(p);
    }
  }
  return all;
}

Case doubled(const Problem& p, const Stream& stream, bool wrong) {
  Case c;
  c.operands = {activation(p, stream, "x", p["c"]), array("sum", {1}, Operand::Use::out),
                activation(p, stream, "y", p["c"], Operand::Use::out)};
  c.run = [wrong](const Stream&, const std::vector<Tensor>& t) {
    for (int64_t i = 0; i < t[0].count(); ++i) t[2].as<float>()[i] = 2 * t[0].as<float>()[i];
    if (wrong) t[2].as<float>()[t[2].count() - 1] *= 1.00001F;
    t[1].as<float>()[0] = 3;
  };
  c.expected = [](const Inputs& in, size_t operand, int64_t i) {
    return operand == 1 ? Expected{3, 0, 0} : Expected{2 * in.at(0, i), 1, 1};
  };
  c.bytes = 8 * static_cast<double>(c.operands[0].shape.count());
  return c;
}

// Of a result that may lie in a GPU's memory.
void add_to_last(const Stream& stream, const Tensor& t, float value) {
  float* const last = t.as<float>() + t.count() - 1;
  float sum = 0;
  if (stream.queue == nullptr) {
    *last += value;
    return;
  }
  stream.queue->copy(&sum, last, sizeof sum);
  stream.queue->wait();
  sum += value;
  stream.queue->copy(last, &sum, sizeof sum);
  stream.queue->wait();
}

Problem small() {
  return {"double", {{"n", 2}, {"c", 32}, {"h", 5}, {"w", 7}}, DType::f32};
}

}  // namespace

TEST_CASE("measure: every kernel and variant is right at small sizes") {
  const Stream stream = test::test_stream(2);
  for (Problem p : small_problems()) {
    for (const Kernel& k : kernels()) {
      if (k.name != p.kernel) continue;
      for (const DType dtype : {DType::f32, DType::bf16}) {
        if (dtype == DType::bf16 && (!test::test_has_bf16() || p.sizes.count("h") == 0)) continue;
        p.dtype = dtype;
        const KernelResult r = measure(k, p, stream, quick);
        CAPTURE(k.variant);
        CAPTURE(p.kernel);
        CAPTURE(p.text());
        CAPTURE(std::string(name_of(dtype)));
        CHECK(r.error <= 1);
        CHECK(r.times.all.size() >= 5);
      }
    }
  }
}

TEST_CASE("measure: a wrong kernel is found and not timed") {
  const Stream stream{Device::cpu, 1};
  const auto kernel = [](bool wrong) {
    return Kernel{"double", "thorax", [wrong](const Problem& p, const Stream& s) { return doubled(p, s, wrong); }};
  };
  const Ceilings ceilings{1e9, 1e9, 0};
  const KernelResult right = measure(kernel(false), small(), stream, quick),
                     wrong = measure(kernel(true), small(), stream, quick);
  CHECK(right.right());
  CHECK(wrong.error > 1);
  CHECK(wrong.times.all.empty());
  CHECK(table_line(wrong, ceilings).find("WRONG") != std::string::npos);
  const Json json = parse_json(json_of(wrong, ceilings), "result");
  CHECK(json.find("error")->number().value() > 1);
  CHECK(json.find("median_s") == nullptr);
}

TEST_CASE("measure: a convolution that leaves one term out is found") {
  const Stream stream = test::test_stream(2);
  for (const Kernel& k : convolution_kernels()) {
    const Kernel wrong{k.name, "wrong", [&k](const Problem& p, const Stream& s) {
                         Case c = k.make(p, s);
                         const auto is_out = [](const Operand& o) { return o.use == Operand::Use::out; };
                         const auto out = std::find_if(c.operands.begin(), c.operands.end(), is_out) - c.operands.begin();
                         c.run = [run = c.run, out](const Stream& on, const std::vector<Tensor>& t) {
                           run(on, t);
                           add_to_last(on, t[static_cast<size_t>(out)], 0.25F);
                         };
                         return c;
                       }};
    const Problem p{k.name, {{"n", 2}, {"c", 32}, {"h", 48}, {"w", 48}, {"o", 32}, {"k", 3}}, DType::f32};
    CAPTURE(k.name);
    CHECK(measure(k, p, stream, quick).right());
    CHECK(measure(wrong, p, stream, quick).error > 1);
  }
}

TEST_CASE("measure: a result as JSON has what docs/cli.md says") {
  const Stream stream{Device::cpu, 1};
  const Kernel kernel{"double", "thorax", [](const Problem& p, const Stream& s) { return doubled(p, s, false); }};
  const KernelResult r = measure(kernel, small(), stream, quick);
  const Json json = parse_json(json_of(r, {1e9, 1e9, 0}), "result");
  CHECK(json.find("name")->text == "double f32 c=32 h=5 n=2 w=7 hot");
  CHECK(json.find("engine")->text == "thorax");
  for (const char* key : {"median_s", "low_s", "high_s", "min_s", "bytes", "flops", "copy_percent", "gemm_percent"}) {
    CAPTURE(key);
    REQUIRE(json.find(key) != nullptr);
    CHECK(json.find(key)->number().has_value());
  }
  CHECK(json.find("copy_percent")->number().value() == doctest::Approx(100 * r.bytes / r.times.median() / 1e9).epsilon(1e-6));
}

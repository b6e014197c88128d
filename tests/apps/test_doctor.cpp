// What thorax doctor would say of machines that are not here.
#include <doctest/doctest.h>

#include "apps/doctor_report.h"
#include "tensor/json.h"

using namespace thorax;

namespace {

Machine a_machine() {
  Machine m;
  m.processor = "Some Processor";
  m.cores = 16;
  m.sets = {"AVX2", "FMA"};
  m.set_in_use = "AVX2";
  m.memory = int64_t{128} << 30;
  m.memory_free = int64_t{100} << 30;
  m.built_for_gpus = true;
  m.cuda = {13000, 13000, {}, "no GPU is found: the driver sees none", ""};
  m.libraries = {{"oneDNN", "2.6.3"}, {"cuDNN", "9.19.0"}, {"GDCM", ""}};
  m.disks = {{"this folder", "/somewhere", int64_t{1} << 40}};
  return m;
}

Machine with_gpu(const std::string& name, int major, int minor) {
  Machine m = a_machine();
  m.cuda.gpus = {{name, major, minor, 132, size_t{80} << 30, size_t{50} << 20}};
  m.cuda.obstacle.clear();
  m.driver = "580.65.06";
  return m;
}

}  // namespace

TEST_CASE("doctor: a GPU is taken where there is one, unless the CPU was asked for") {
  const Machine m = with_gpu("NVIDIA H100", 9, 0);
  CHECK(choose(m, "auto", DType::bf16).device == "cuda");
  CHECK(choose(m, "auto", DType::f16).dtype == "fp16");
  CHECK(choose(m, "auto", DType::bf16).dtype == "bf16");
  CHECK(choose(m, "cuda", DType::f32).dtype == "fp32");
  const MachineChoice cpu = choose(m, "cpu", DType::bf16);
  CHECK(cpu.device == "cpu");
  CHECK(cpu.dtype == "fp32");  // this processor has no bf16
  CHECK(cpu.dtype_why.find("AVX512_BF16") != std::string::npos);
  const std::string text = doctor_text(m, choose(m, "auto", DType::bf16));
  CHECK(text.find("GPU       NVIDIA H100, compute capability 9.0, 132 multiprocessors, ") != std::string::npos);
  CHECK(text.find("driver    580.65.06; CUDA 13.0, thorax needs 13.0\n") != std::string::npos);
  CHECK(text.find("use       NVIDIA H100, bf16\n") != std::string::npos);
  CHECK(text.find("without GDCM") != std::string::npos);
}

TEST_CASE("doctor: an older GPU has no bf16, and says why") {
  const MachineChoice choice = choose(with_gpu("NVIDIA GeForce RTX 2080 Ti", 7, 5), "auto", DType::bf16);
  CHECK(choice.device == "cuda");
  CHECK(choice.dtype == "fp32");
  CHECK(choice.dtype_why.find("compute capability 8.0") != std::string::npos);
}

TEST_CASE("doctor: without a GPU the CPU is used and the reason stands there, --device cuda cannot be had") {
  const Machine m = a_machine();
  const MachineChoice automatic = choose(m, "auto", DType::f32);
  CHECK(automatic.device == "cpu");
  CHECK(automatic.why_not == m.cuda.obstacle);
  CHECK(doctor_text(m, automatic).find("not a GPU: no GPU is found: the driver sees none\n") != std::string::npos);
  const MachineChoice wanted = choose(m, "cuda", DType::f32);
  CHECK(wanted.device.empty());
  CHECK(doctor_text(m, wanted).find("use       nothing: no GPU is found") != std::string::npos);
}

TEST_CASE("doctor: a build without oneDNN needs a GPU") {
  Machine m = a_machine();
  m.cpu_obstacle = "this thorax was built without oneDNN";
  CHECK(choose(m, "auto", DType::f32).device.empty());
  CHECK(choose(m, "auto", DType::f32).why_not == "no GPU is found: the driver sees none; this thorax was built without oneDNN");
  CHECK(choose(m, "cpu", DType::f32).why_not == "this thorax was built without oneDNN");
}

TEST_CASE("doctor: the JSON is JSON and says the same") {
  const Machine m = with_gpu("A \"quoted\" GPU", 9, 0);
  const Json json = parse_json(doctor_json(m, choose(m, "auto", DType::bf16)), "doctor");
  CHECK(json.find("gpus")->items.at(0).find("name")->text == "A \"quoted\" GPU");
  CHECK(json.find("use")->find("device")->text == "cuda");
  CHECK(json.find("libraries")->find("GDCM")->kind == Json::Kind::null);
  CHECK(json.find("sandbox")->text == "true");
  const Machine here = examine_machine({});
  CHECK(here.cores >= 1);
  CHECK(here.memory > 0);
  parse_json(doctor_json(here, choose(here, "auto", DType::f32)), "doctor");
}

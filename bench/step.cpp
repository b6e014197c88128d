// One training step of a model, as users run it: time per image, memory, and by op on request.
//   bench_step --model resnet50 --size 224 --batch 8 --dtype f32 --steps 10 [--device cuda] [--by-step]
// "checksum" is that of all parameters afterwards: the same for the same arguments on the same device.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <map>
#include <thread>
#include <vector>

#include "apps/network.h"
#include "tensor/checksum.h"
#include "tensor/queue.h"
#include "tensor/rng.h"

namespace {

using namespace thorax;

struct Arguments {
  NetworkSpec spec;
  int64_t batch = 8;
  int64_t steps = 10;
  bool on_gpu = false;
  bool by_step = false;
  bool print = false;
};

Arguments parse(int argc, char** argv) {
  Arguments a;
  a.spec.size = 224;
  a.spec.classes = 10;
  a.spec.stream.threads = static_cast<int>(std::thread::hardware_concurrency());
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : "";
    if (flag == "--by-step")
      a.by_step = true;
    else if (flag == "--print")
      a.print = true;
    else if (flag == "--size")
      a.spec.size = std::atol(value), ++i;
    else if (flag == "--batch")
      a.batch = std::atol(value), ++i;
    else if (flag == "--steps")
      a.steps = std::atol(value), ++i;
    else if (flag == "--device")
      a.on_gpu = std::strcmp(value, "cuda") == 0, ++i;
    else if (flag == "--threads")
      a.spec.stream.threads = std::atoi(value), ++i;
    else if (flag == "--model")
      a.spec.model = value, ++i;
    else if (flag == "--dtype")
      a.spec.dtype = std::strcmp(value, "bf16") == 0 ? DType::bf16 : DType::f32, ++i;
    else
      throw Error(Fault::input, str("no flag ", flag));
  }
  if (a.on_gpu) a.spec.stream = gpu_stream(a.spec.stream.threads);
  return a;
}

uint64_t checksum(const Store& store) {
  Xxh64 hash;
  for (const std::string& name : store.names()) {
    const Tensor t = store.find(name);
    hash.update({static_cast<const std::byte*>(t.data), t.bytes()});
  }
  return hash.digest();
}

void fill(Network& net) {
  const Rng rng(1, 0);
  const Tensor bytes = net.bytes();
  for (int64_t i = 0; i < bytes.count(); ++i)
    bytes.as<uint8_t>()[i] = static_cast<uint8_t>(rng.bits(static_cast<uint64_t>(i)) & 255U);
  const Tensor labels = net.labels();
  for (int64_t i = 0; i < labels.count(); ++i) {
    labels.as<float>()[i] = rng.uniform(static_cast<uint64_t>(i)) < 0.3F ? 1.0F : 0.0F;
    net.mask().as<float>()[i] = 1.0F;
  }
}

void print_by_step(Network& net, int64_t steps) {
  std::vector<double> times;
  for (int64_t i = 0; i < steps; ++i) net.program().run_timed(times);
  std::vector<std::pair<double, std::string>> rows;
  const auto& all = net.program().steps();
  for (size_t i = 0; i < all.size(); ++i)
    rows.emplace_back(
        times[i] / static_cast<double>(steps),
        all[i].name +
            (all[i].flops > 0 ? str("  ", all[i].flops * 1e-9 * static_cast<double>(steps) / times[i], " GFLOP/s") : ""));
  std::sort(rows.rbegin(), rows.rend());
  for (const auto& [seconds, name] : rows) std::fprintf(stderr, "%9.3f ms  %s\n", seconds * 1e3, name.c_str());
}

int run(int argc, char** argv) {
  const Arguments a = parse(argc, argv);
  Store store = Network::make_store(a.spec, 1, true);
  Arena arena;
  Update update(store, nullptr, {});
  update.prepare(1e-3, 1);
  const LossTable loss(static_cast<size_t>(a.spec.classes));  // binary cross-entropy
  Network net(a.spec, a.batch, store, arena, loss, update);
  if (a.print) net.program().print(std::cerr);
  fill(net);
  net.run();
  std::vector<double> times;
  for (int64_t i = 0; i < a.steps; ++i) {
    const auto start = std::chrono::steady_clock::now();
    net.run();
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  const double median = times[times.size() / 2];
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  std::printf(
      "{\"engine\": \"thorax\", \"model\": \"%s\", \"size\": %ld, \"batch\": %ld, \"dtype\": \"%s\", \"median_s\": %.4f, "
      "\"min_s\": %.4f, "
      "\"ms_per_image\": %.2f, "
      "\"peak_rss_mib\": %.0f, \"arena_mib\": %.0f, \"live_mib\": %.0f, \"gflop\": %.1f, \"loss\": %.6f, "
      "\"checksum\": \"%016llx\"}\n",
      a.spec.model.c_str(), static_cast<long>(a.spec.size), static_cast<long>(a.batch), name_of(a.spec.dtype), median,
      times.front(), 1e3 * median / static_cast<double>(a.batch), static_cast<double>(usage.ru_maxrss) / 1024.0,
      static_cast<double>(net.program().arena_bytes()) / 1048576.0, static_cast<double>(net.program().live_bytes()) / 1048576.0,
      net.program().flops() * 1e-9, static_cast<double>(net.loss()), static_cast<unsigned long long>(checksum(store)));
  if (a.by_step) print_by_step(net, a.steps);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const Error& e) {
    std::fprintf(stderr, "bench_step: %s\n", e.what());
    return static_cast<int>(e.fault());
  }
}

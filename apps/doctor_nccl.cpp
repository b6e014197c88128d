#include <array>
#include <cstdio>

#include "apps/communicator_check.h"
#include "apps/device.h"
#include "apps/network.h"
#include "apps/ranks.h"
#include "parallel/nccl.h"
#include "tensor/json.h"
#include "tensor/queue.h"

namespace thorax {

namespace {

// DenseNet-121's gradients, then more.
std::vector<int64_t> timed_counts() {
  NetworkSpec spec;
  spec.classes = 10;
  return {Network::make_store(spec, 1, false).flat_count(), int64_t{32} << 20, int64_t{128} << 20};
}

// The work of a rank.
int check(const Flags& flags, const Stream& stream, Communicator& c) {
  if (c.name().rfind("NCCL", 0) != 0)
    throw Error(Fault::machine, "doctor --nccl: the ranks do not have a GPU each, or not all have NCCL");
  const CommunicatorCheck found = check_communicator(c, stream, timed_counts());
  if (c.rank() != 0) return 0;
  std::fputs((flags.on("json") ? json_of(found) : text_of(found)).c_str(), stdout);
  return found.wrong().empty() ? 0 : static_cast<int>(Fault::defect);
}

}  // namespace

std::string text_of(const CommunicatorCheck& check) {
  std::string text = str(check.by, ", ", check.ranks, check.ranks == 1 ? " rank" : " ranks", check.device.empty() ? "" : ", ",
                         check.device, '\n');
  std::array<char, 128> line{};
  std::snprintf(line.data(), line.size(), "sums      %.2f of what rounding may do, over %ld numbers; %s\n", check.error,
                static_cast<long>(check.numbers), check.same_bits ? "the same bits on all ranks, twice" : "NOT the same bits");
  text += line.data();
  text += str("others    broadcast and all_gather are ", check.gathers ? "right" : "WRONG", '\n');
  if (!check.device.empty())
    text += str("graph     ", check.recorded ? "recorded and replayed: the same bits" : "NOT the same bits", '\n');
  for (const CommunicatorCheck::Rate& r : check.rates) {
    std::snprintf(line.data(), line.size(), "%s%8.1f MiB  %9.3f ms  %8.2f GB/s on each link\n",
                  &r == &check.rates.front() ? "speed     " : "          ", static_cast<double>(r.bytes) / 1048576,
                  r.seconds * 1e3, check.bus(r) * 1e-9);
    text += line.data();
  }
  return text + (check.wrong().empty() ? "works\n" : str("does not work: ", check.wrong(), '\n'));
}

std::string json_of(const CommunicatorCheck& check) {
  std::string rates;
  for (const CommunicatorCheck::Rate& r : check.rates)
    rates += str(rates.empty() ? "" : ",", "{\"bytes\":", r.bytes, ",\"seconds\":", json_number(r.seconds),
                 ",\"bus_bytes_s\":", json_number(check.bus(r)), '}');
  const auto word = [](bool yes) { return yes ? "true" : "false"; };
  return str("{\"communicator\":", json_quote(check.by), ",\"ranks\":", check.ranks, ",\"device\":", json_quote(check.device),
             ",\"numbers\":", check.numbers, ",\"error\":", json_number(check.error), ",\"same_bits\":", word(check.same_bits),
             ",\"gathers\":", word(check.gathers), ",\"recorded\":", check.device.empty() ? "null" : word(check.recorded),
             ",\"rates\":[", rates, "],\"wrong\":", check.wrong().empty() ? "null" : json_quote(check.wrong()), "}\n");
}

int doctor_nccl(const Flags& flags) {
  const auto world = parallel::world_of_environment();
  if (world && world->size > 1)
    return as_rank(
        world, [&] { return gpu_stream(1, own_gpu(world)); },
        [&](const Stream& stream, Communicator* c) { return check(flags, stream, *c); });
  const CudaReport cuda = cuda_report();
  if (!cuda.obstacle.empty()) throw Error(Fault::machine, "doctor --nccl: " + cuda.obstacle, cuda.hint);
  if (parallel::nccl_version().empty())
    throw Error(Fault::machine, "doctor --nccl: this thorax was built without NCCL",
                "configure where nccl.h is found, with -DTHORAX_NCCL=ON");
  if (cuda.gpus.size() < 2)
    throw Error(Fault::machine, "doctor --nccl: it takes two GPUs, and this machine has one",
                "torchrun, srun or mpirun start it with GPUs of several machines");
  return launch(static_cast<int>(cuda.gpus.size()), 0, [&] {
    std::vector<std::string> words = flags.arguments();
    words.insert(words.begin(), "doctor");
    return words;
  });
}

}  // namespace thorax

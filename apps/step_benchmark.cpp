#include "apps/step_benchmark.h"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <optional>
#include <sstream>

#include "apps/gathered.h"
#include "tensor/checksum.h"
#include "tensor/communicator.h"
#include "tensor/queue.h"
#include "tensor/rng.h"

namespace thorax {

namespace {

// Of all, or of the parameters alone.
uint64_t checksum_of(const Store& store, bool parameters) {
  Xxh64 hash;
  for (const std::string& name : store.names()) {
    if (parameters && !store.is_parameter(name)) continue;
    const Tensor t = store.find(name);
    hash.update({static_cast<const std::byte*>(t.data), t.bytes()});
  }
  return hash.digest();
}

void fill(Network& net, bool training, const Communicator* communicator) {
  const Rng rng(1, communicator != nullptr ? static_cast<uint64_t>(communicator->rank()) : 0);
  const Tensor bytes = net.bytes();
  for (int64_t i = 0; i < bytes.count(); ++i)
    bytes.as<uint8_t>()[i] = static_cast<uint8_t>(rng.bits(static_cast<uint64_t>(i)) & 255U);
  if (!training) return;
  const Tensor labels = net.labels(), mask = net.mask();
  for (int64_t i = 0; i < labels.count(); ++i) {
    labels.as<float>()[i] = rng.uniform(static_cast<uint64_t>(i)) < 0.3F ? 1.0F : 0.0F;
    mask.as<float>()[i] = 1.0F;
  }
}

// Whatever is larger than the cache is written to memory once and read once, at least.
double bytes_of(const Program& program, size_t cache) {
  double sum = 0;
  for (const Program::Memory& m : program.slots())
    if (m.external || (m.first >= 0 && m.tensor.bytes() > cache)) sum += 2 * static_cast<double>(m.tensor.bytes());
  return sum;
}

std::vector<OpTime> times_by_op(Program& program, int64_t steps) {
  std::vector<double> seconds;
  for (int64_t i = 0; i < steps; ++i) program.run_timed(seconds);
  std::vector<OpTime> ops;
  for (size_t i = 0; i < seconds.size(); ++i)
    ops.push_back({program.steps()[i].name, seconds[i] / static_cast<double>(steps), program.steps()[i].flops});
  return ops;
}

// The pieces in which a program's gradients are summed over the ranks.
std::vector<Tensor> buckets_of(const Program& program) {
  std::vector<Tensor> buckets;
  for (const Step& s : program.steps()) {
    if (s.road != Step::Road::beside) continue;
    float* begin = nullptr;
    float* end = nullptr;
    for (const Slot slot : s.writes) {
      const Tensor& t = program.slots()[static_cast<size_t>(slot.id)].tensor;
      if (begin == nullptr || t.as<float>() < begin) begin = t.as<float>();
      if (end == nullptr || t.as<float>() + t.count() > end) end = t.as<float>() + t.count();
    }
    buckets.push_back({begin, {end - begin}, DType::f32, Layout::plain});
  }
  return buckets;
}

// Ranks begin each together, and its time is that of the last to be done: how unequal they are is no cost of what they tell each
// other.
bench::Times times_of(Communicator* communicator, int64_t count, const std::function<void()>& work) {
  bench::Times times;
  for (int64_t i = 0; i < count; ++i) {
    if (communicator != nullptr) communicator->barrier();
    const auto start = std::chrono::steady_clock::now();
    work();
    const double own = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    const std::vector<double> all = of_ranks(communicator, own);
    times.all.push_back(*std::max_element(all.begin(), all.end()));
  }
  std::sort(times.all.begin(), times.all.end());
  return times;
}

bench::Times time_runs(Network& net, int64_t steps, Communicator* communicator) {
  // The first run packs and makes what libraries make; the second is recorded.
  net.run();
  net.run();
  return times_of(communicator, steps, [&] { net.run(); });
}

// without: the same step for this rank alone. Its parameters are of no use afterwards.
Communication measure_communication(const StepCase& what, Program& program, Network& without) {
  Communicator& c = *what.communicator;
  const Stream& stream = what.spec.stream;
  const std::vector<Tensor> buckets = buckets_of(program);
  Communication r{c.size(), c.name(), 0, static_cast<int>(buckets.size()), 0, 0};
  for (const Tensor& t : buckets) r.bytes += static_cast<int64_t>(t.bytes());
  const auto sum = [&] {
    for (const Tensor& t : buckets) c.all_reduce(stream, t);
    if (stream.queue != nullptr) stream.queue->wait();
  };
  sum();
  r.alone = times_of(&c, what.steps, sum).median();
  without.program().set_replay(what.replayed);
  fill(without, true, &c);
  r.without = time_runs(without, what.steps, &c).median();
  return r;
}

}  // namespace

double Communication::hidden(double seconds) const {
  return alone > 0 ? std::clamp(1 - (seconds - without) / alone, 0.0, 1.0) : 0.0;
}

StepResult measure_step(const StepCase& what) {
  Store store = Network::make_store(what.spec, 1, what.training);
  Arena arena;
  Update update(store, nullptr, {.loss_scaling = what.spec.dtype == DType::f16});
  update.prepare(1e-3, 1);
  const LossTable loss(static_cast<size_t>(what.spec.classes));  // binary cross-entropy
  StepSpec step{&loss, &update};
  int64_t batch = what.batch;
  std::optional<Network> net, without;
  if (Communicator* c = what.communicator) {
    batch = share_of(what.batch, c->rank(), c->size()).count;
    without.emplace(what.spec, batch, store, arena, step);
    step.replicas.communicator = c;
    for (int r = 0; r < c->size(); ++r) step.replicas.images.push_back(share_of(what.batch, r, c->size()).count);
  }
  if (what.training)
    net.emplace(what.spec, batch, store, arena, step);
  else
    net.emplace(what.spec, batch, store, arena);
  Program& program = net->program();
  program.set_replay(what.replayed);
  fill(*net, what.training, what.communicator);
  StepResult r;
  r.what = what;
  r.times = time_runs(*net, what.steps, what.communicator);
  r.obstacle = program.replay_obstacle();
  r.loss = what.training ? net->loss() : 0;
  r.checksum = checksum_of(store, false);
  const std::vector<uint64_t> parameters = of_ranks(what.communicator, checksum_of(store, true));
  if (std::count(parameters.begin(), parameters.end(), parameters.front()) != std::ssize(parameters))
    throw Error(Fault::defect, "bench step: the ranks have different parameters");
  r.flops = program.flops();
  r.bytes = bytes_of(program, bench::cache_bytes(what.spec.stream));
  r.arena_bytes = program.arena_bytes();
  r.live_bytes = program.live_bytes();
  r.store_bytes = store.bytes();
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  r.peak_rss = static_cast<size_t>(usage.ru_maxrss) * 1024;
  if (what.by_op) r.ops = times_by_op(program, what.steps);
  if (what.print) {
    std::ostringstream text;
    program.print(text);
    r.program = text.str();
  }
  if (what.communicator != nullptr) r.communication = measure_communication(what, program, *without);
  return r;
}

std::string StepResult::name() const {
  return str(what.spec.model, what.training ? " train " : " infer ", what.spec.size, 'x', what.spec.size, " batch ", what.batch,
             ' ', name_of(what.spec.dtype), communication ? str(", ", communication->ranks, " processes") : "");
}

std::string StepResult::engine() const {
  return what.spec.stream.queue != nullptr && !what.replayed ? "thorax, one by one" : "thorax";
}

double StepResult::roofline(const bench::Ceilings& c) const {
  return std::max(flops / c.gemm(what.spec.dtype), bytes / c.copy);
}

}  // namespace thorax

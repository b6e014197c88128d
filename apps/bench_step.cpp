#include <cstdio>

#include "apps/bench.h"
#include "apps/device.h"
#include "apps/image_cache.h"
#include "apps/plan_cache.h"
#include "apps/ranks.h"
#include "apps/step_benchmark.h"
#include "models/registry.h"
#include "tensor/queue.h"

namespace thorax {

namespace {

std::vector<bool> both_or(const std::string& wanted, const char* yes) {
  if (wanted == "both") return {true, false};
  return {wanted == yes};
}

// Every combination of the flags, in the order of the table.
std::vector<StepCase> cases_of(const Flags& flags, const Stream& stream) {
  StepCase c;
  c.spec.model = flags.text("model");
  find_model(c.spec.model);
  c.spec.classes = 10;
  c.spec.size = flags.integer("size", 32, 4096);
  c.spec.stream = stream;
  const int64_t batch = flags.integer("batch", 0, 4096);
  c.batch = batch > 0 ? batch : stream.queue != nullptr ? 32 : 4;
  c.steps = flags.integer("steps", 1, 100000);
  c.by_op = flags.on("by-op");
  c.print = flags.on("print");
  const std::vector<bool> modes = both_or(flags.choice("mode", {"train", "infer", "both"}), "train");
  const std::vector<bool> replays = both_or(flags.choice("graph", {"on", "off", "both"}), "on");
  std::vector<StepCase> cases;
  for (const DType dtype : dtypes_of(flags, stream)) {
    for (const bool training : modes) {
      c.spec.dtype = dtype;
      c.training = training;
      for (const bool replayed : stream.queue != nullptr ? replays : std::vector<bool>{false}) {
        c.replayed = replayed;
        cases.push_back(c);
      }
    }
  }
  return cases;
}

}  // namespace

namespace {

// One process, or one rank of several, of which rank 0 tells.
int measure_steps(const Flags& flags, const Stream& stream, Communicator* communicator) {
  const bool tells = communicator == nullptr || communicator->rank() == 0;
  read_plan_flags(flags, stream);
  std::optional<PlanCache> plans = open_plans(stream, cache_folder(flags), {});
  const bool tables = flags.text("json") != "-";
  std::vector<StepResult> measured;
  for (StepCase& c : cases_of(flags, stream)) {
    if (communicator != nullptr && !c.training) continue;
    c.communicator = communicator;
    measured.push_back(measure_step(c));
  }
  if (plans) plans->save(plan_file(cache_folder(flags), stream));
  if (!tells) return 0;
  // Behind the steps, whose peak of memory it is not.
  const bench::Ceilings ceilings = bench::measure_ceilings(stream);
  if (tables) std::printf("%s: %s\n%s", device_text(stream).c_str(), ceilings.text().c_str(), step_table_head().c_str());
  std::vector<std::string> results;
  for (const StepResult& r : measured) {
    results.push_back(json_of(r, ceilings));
    if (!tables) continue;
    std::fputs(step_table_line(r, ceilings).c_str(), stdout);
    if (!r.ops.empty()) std::fputs(op_table(r.ops).c_str(), stdout);
    std::fputs(r.program.c_str(), stdout);
  }
  write_bench_json(flags, device_text(stream), ceilings.json(), results);
  return 0;
}

}  // namespace

int bench_step(Flags& flags) {
  const auto world = parallel::world_of_environment();
  check_ranks(flags, world);
  const int ranks = ranks_to_start(flags, world);
  const int64_t batch = flags.integer("batch", 0, 4096);
  if ((batch > 0 ? batch : 4) < ranks)
    throw Error(Fault::input, str("batches of ", batch > 0 ? batch : 4, " images for ", ranks, " processes"),
                "each needs one at least");
  if (ranks > 1)
    return launch(ranks, 0, [&] {
      std::vector<std::string> words = flags.arguments();
      words.insert(words.begin(), "bench");
      return words;
    });
  return as_rank(
      world, [&] { return stream_of(flags); },
      [&](const Stream& stream, Communicator* communicator) { return measure_steps(flags, stream, communicator); });
}

}  // namespace thorax

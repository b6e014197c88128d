#include <algorithm>
#include <cstdio>

#include "apps/bench.h"
#include "apps/device.h"
#include "apps/image_cache.h"
#include "apps/plan_cache.h"
#include "bench/kernels/measure.h"
#include "kernels/isa.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/queue.h"

namespace thorax {

namespace {

using namespace bench;

std::vector<Problem> problems_of(const Flags& flags) {
  const std::string& name = flags.text("problems");
  for (const ProblemList& list : problem_lists())
    if (name == list.name) return parse_problems(list.text, name);
  return parse_problems(MappedFile(name).text(), name);
}

// What --filter, --shape, --batch and --dtype leave of the list, each once.
std::vector<Problem> chosen(const Flags& flags, const Stream& stream, const std::vector<DType>& dtypes) {
  const auto shape = parse_sizes(flags.text("shape"));
  const int64_t batch = flags.integer("batch", 0, 4096);
  std::vector<Problem> all;
  for (Problem p : problems_of(flags)) {
    if (p.kernel.find(flags.text("filter")) == std::string::npos) continue;
    if (p.sizes.count("count") == 0) p.sizes.try_emplace("n", batch > 0 ? batch : stream.queue != nullptr ? 32 : 4);
    for (const auto& [name, value] : shape) p.sizes[name] = value;
    // Kernels over flat arrays are fp32, whatever the activations are.
    const bool flat = p.sizes.count("h") == 0;
    for (const DType dtype : dtypes) {
      p.dtype = flat ? DType::f32 : dtype;
      const auto is_same = [&](const Problem& o) { return o.kernel == p.kernel && o.sizes == p.sizes && o.dtype == p.dtype; };
      if (std::none_of(all.begin(), all.end(), is_same)) all.push_back(p);
    }
  }
  if (all.empty()) throw Error(Fault::input, str("bench kernels: no kernel's name holds \"", flags.text("filter"), "\""));
  return all;
}

std::vector<Kernel> variants_of(const std::string& kernel, const std::string& wanted) {
  std::vector<Kernel> found;
  bool known = false;
  for (Kernel& k : kernels()) {
    known = known || k.name == kernel;
    if (k.name == kernel && (wanted == "all" || wanted == k.variant)) found.push_back(std::move(k));
  }
  if (!known) throw Error(Fault::input, str("bench kernels: there is no kernel \"", kernel, "\""));
  return found;
}

}  // namespace

int bench_kernels(const Flags& flags) {
  const Stream stream = stream_of(flags);
  read_plan_flags(flags, stream);
  std::optional<PlanCache> plans = open_plans(stream, cache_folder(flags), {});
  const bool tables = flags.text("json") != "-";
  const std::vector<Problem> problems = chosen(flags, stream, dtypes_of(flags, stream));
  const std::string variant = flags.choice("variant", {"thorax", "naive", "all"});
  const TimingOptions timing{!flags.on("hot"), flags.number("seconds", 0, 60)};
  const Ceilings ceilings = measure_ceilings(stream);
  if (tables) std::printf("%s: %s\n%s", device_text(stream).c_str(), ceilings.text().c_str(), table_head().c_str());
  std::vector<std::string> results;
  int64_t wrong = 0;
  for (const Problem& problem : problems) {
    for (const Kernel& kernel : variants_of(problem.kernel, variant)) {
      const KernelResult r = measure(kernel, problem, stream, timing);
      wrong += r.right() ? 0 : 1;
      results.push_back(json_of(r, ceilings));
      if (tables) std::fputs(table_line(r, ceilings).c_str(), stdout), std::fflush(stdout);
    }
  }
  if (plans) plans->save(plan_file(cache_folder(flags), stream));
  write_bench_json(flags, device_text(stream), ceilings.json(), results);
  if (wrong > 0) throw Error(Fault::defect, str(wrong, " of ", results.size(), " kernels are wrong"));
  return 0;
}

}  // namespace thorax

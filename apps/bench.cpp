#include "apps/bench.h"

#include <cstdio>

#include "apps/device.h"
#include "apps/image_cache.h"
#include "apps/plan_cache.h"
#include "apps/ranks.h"
#include "apps/verbs.h"
#include "models/registry.h"
#include "tensor/error.h"
#include "tensor/file.h"
#include "tensor/json.h"

namespace thorax {

Flags bench_flags() {
  return Flags(
      "bench", "kernels|step|compare [flags]",
      "Measures on this machine. kernels: every kernel at the sizes of the models, checked against double first, then timed "
      "on memory that no cache holds, beside the measured rates of a copy and of a matrix product. step: whole steps of a "
      "model. compare A.json B.json: two such measurements side by side.",
      {{"filter", "TEXT", "kernels: only those whose name holds it", ""},
       {"shape", "SIZES", "kernels: n=8,c=64,...: replaces sizes of the list", ""},
       {"problems", "LIST", "kernels: densenet121, resnet101, or a file of problems", "densenet121"},
       {"variant", "NAME", "kernels: thorax, naive, or all", "thorax"},
       {"hot", "", "kernels: always on the same memory", ""},
       {"seconds", "X", "kernels: measure each at least that long", "0.2"},
       {"model", "NAME", "step: " + model_names(), "densenet121"},
       {"size", "PIXELS", "step: side of the images", "224"},
       {"mode", "train|infer|both", "step: what a step is", "both"},
       {"graph", "on|off|both", "step, on a GPU: replay a recorded step", "both"},
       {"steps", "N", "step: steps that are timed", "10"},
       {"by-op", "", "step: the time of each part, too", ""},
       {"print", "", "step: the program, step by step", ""},
       procs_flag("step, training: "),
       gpus_flag("step, training: "),
       {"batch", "N", "images; 0: 32 on a GPU, else 4", "0"},
       {"dtype", "fp32|bf16|fp16|both", "of activations; both: fp32 and bf16", "both"},
       device_flag(),
       plan_flags()[0],
       plan_flags()[1],
       cache_flag(),
       {"threads", "N", "0: all processors", "0"},
       {"json", "FILE", "write the measurements there; -: to stdout, without tables", ""}},
      {"thorax bench kernels --filter batch_norm --variant all", "thorax bench kernels --filter append --shape c=32,h=64,w=64",
       "thorax bench step --model resnet101 --size 512 --batch 4 --dtype bf16 --by-op",
       "thorax bench step --procs 2 --size 64 --dtype fp32", "thorax bench compare before.json after.json"},
      true);
}

int run_bench(Flags& flags) {
  const std::vector<std::string>& words = flags.positionals();
  const std::string what = words.empty() ? "" : words.front();
  if (what == "compare") return bench_compare({words.begin() + 1, words.end()});
  if (words.size() > 1) throw Error(Fault::input, str("bench: unexpected \"", words[1], "\""));
  if (what == "kernels") return bench_kernels(flags);
  if (what == "step") return bench_step(flags);
  throw Error(Fault::input, "bench: kernels, step or compare is expected", "thorax bench --help has examples");
}

void write_bench_json(const Flags& flags, const std::string& device, const std::string& ceilings,
                      const std::vector<std::string>& results) {
  const std::string& file = flags.text("json");
  if (file.empty()) return;
  std::string text =
      str("{\"version\":\"", THORAX_VERSION, "\",\"device\":", json_quote(device), ",\"ceilings\":", ceilings, ",\"results\":[");
  for (const std::string& r : results) text += (&r == &results.front() ? "\n" : ",\n") + r;
  text += "\n]}\n";
  if (file == "-")
    std::fputs(text.c_str(), stdout);
  else
    write_file_atomically(file, text);
}

}  // namespace thorax

#include <cstdio>

#include "apps/communicator_check.h"
#include "apps/device.h"
#include "apps/doctor_report.h"
#include "apps/image_cache.h"
#include "apps/verbs.h"

namespace thorax {

Flags doctor_flags() {
  return Flags(
      "doctor", "[flags]",
      "What this machine has (GPU, driver, libraries, processor, memory, disk, sandbox of the decoders), what a training "
      "would use, and why nothing else. Exit code 3 where --device cannot be had. --nccl: whether several GPUs work together, "
      "and "
      "how fast; exit code 3 where there are no two.",
      {device_flag(),
       dtype_flag(),
       cache_flag(),
       {"nccl", "", "instead, a minute: sums over all GPUs, their bits, in a graph, and their speed", ""},
       {"json", "", "one JSON object on stdout", ""}},
      {"thorax doctor", "thorax doctor --nccl", "thorax doctor --device cuda --dtype bf16 --json"}, false);
}

int run_doctor(Flags& flags) {
  if (flags.on("nccl")) return doctor_nccl(flags);
  const std::string device = flags.choice("device", {"auto", "cpu", "cuda"});
  const DType dtype = wanted_dtype(flags);
  const Machine machine = examine_machine(cache_folder(flags));
  const MachineChoice choice = choose(machine, device, dtype);
  std::fputs((flags.on("json") ? doctor_json(machine, choice) : doctor_text(machine, choice)).c_str(), stdout);
  return choice.device.empty() ? static_cast<int>(Fault::machine) : 0;
}

}  // namespace thorax

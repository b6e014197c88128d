#include "apps/doctor_report.h"

#include "apps/console.h"
#include "apps/metadata.h"
#include "tensor/error.h"
#include "tensor/json.h"

namespace thorax {

namespace {

std::string cuda_version(int v) {
  return v == 0 ? "none" : str(v / 1000, '.', v % 1000 / 10);
}

std::string gpu_lines(const Machine& m) {
  std::string text;
  for (const Gpu& gpu : m.cuda.gpus)
    text += str(text.empty() ? "GPU       " : "          ", gpu.name, ", compute capability ", gpu.major, '.', gpu.minor, ", ",
                gpu.multiprocessors, " multiprocessors, ", human_bytes(static_cast<int64_t>(gpu.bytes)), '\n');
  if (text.empty()) text = str("GPU       none: ", m.cuda.obstacle, '\n');
  return text +
         str("driver    ", m.driver.empty() ? "none of NVIDIA's" : m.driver,
             m.built_for_gpus ? str("; CUDA ", cuda_version(m.cuda.driver), ", thorax needs ", cuda_version(m.cuda.runtime)) : "",
             '\n');
}

std::string library_line(const Machine& m) {
  std::vector<std::string> known, missing;
  for (const Library& l : m.libraries)
    (l.version.empty() ? missing : known).push_back(l.version.empty() ? l.name : l.name + ' ' + l.version);
  return str("libraries ", known.empty() ? "none" : joined(known),
             missing.empty() ? "" : "\n          without " + joined(missing), '\n');
}

std::string use_lines(const Machine& m, const MachineChoice& choice) {
  if (choice.device.empty())
    return str("use       nothing: ", choice.why_not, '\n', choice.hint.empty() ? "" : "          " + choice.hint + '\n');
  std::string text = str("use       ", choice.device == "cuda" ? m.cuda.gpus.front().name : "the processor", ", ", choice.dtype);
  if (choice.device == "cpu" && !choice.why_not.empty()) text += "\n          not a GPU: " + choice.why_not;
  if (choice.device == "cpu" && !choice.hint.empty()) text += "\n          " + choice.hint;
  if (choice.dtype != "bf16")
    text += "\n          not bf16: " + (choice.dtype_why.empty() ? "--dtype bf16 asks for it" : choice.dtype_why);
  return text + '\n';
}

std::string json_or_null(const std::string& text) {
  return text.empty() ? "null" : json_quote(text);
}

std::string gpus_json(const Machine& m) {
  std::vector<std::string> items;
  items.reserve(m.cuda.gpus.size());
  for (const Gpu& gpu : m.cuda.gpus)
    items.push_back(str("{\"name\":", json_quote(gpu.name), ",\"compute_capability\":\"", gpu.major, '.', gpu.minor,
                        "\",\"multiprocessors\":", gpu.multiprocessors, ",\"bytes\":", gpu.bytes, '}'));
  return '[' + joined(items, ",") + ']';
}

}  // namespace

std::string doctor_text(const Machine& m, const MachineChoice& choice) {
  std::string text =
      str("thorax    ", THORAX_VERSION, m.built_for_gpus ? ", built for GPUs" : ", built for processors alone", '\n');
  text += gpu_lines(m);
  text += str("processor ", m.processor, ", ", m.cores, m.cores == 1 ? " core" : " cores", "\n          ", joined(m.sets),
              m.set_in_use.empty() ? "" : str("; kernels for ", m.set_in_use), '\n');
  text += str("memory    ", human_bytes(m.memory), ", ", human_bytes(m.memory_free), " free\n");
  for (const Machine::Disk& disk : m.disks)
    text += str(&disk == &m.disks.front() ? "disk      " : "          ", disk.free < 0 ? "?" : human_bytes(disk.free),
                " free for ", disk.what, ", ", disk.folder.string(), '\n');
  text += library_line(m);
  text += str("sandbox   ", m.isolation_gap.empty() ? "works: decoders of images have no rights" : m.isolation_gap, '\n');
  return text + use_lines(m, choice);
}

std::string doctor_json(const Machine& m, const MachineChoice& choice) {
  std::string libraries, disks;
  for (const Library& l : m.libraries)
    libraries += str(libraries.empty() ? "" : ",", json_quote(l.name), ':', json_or_null(l.version));
  for (const Machine::Disk& d : m.disks)
    disks += str(disks.empty() ? "" : ",", "{\"what\":", json_quote(d.what), ",\"folder\":", json_quote(d.folder.string()),
                 ",\"free\":", d.free, '}');
  return str("{\"version\":\"", THORAX_VERSION, "\",\"built_for_gpus\":", m.built_for_gpus ? "true" : "false",
             ",\"gpus\":", gpus_json(m), ",\"gpu_obstacle\":", json_or_null(m.cuda.obstacle),
             ",\"driver\":", json_or_null(m.driver), ",\"cuda_driver\":", m.cuda.driver, ",\"cuda_runtime\":", m.cuda.runtime,
             ",\"processor\":", json_quote(m.processor), ",\"cores\":", m.cores, ",\"instruction_sets\":", encode_list(m.sets),
             ",\"kernels_for\":", json_or_null(m.set_in_use), ",\"cpu_obstacle\":", json_or_null(m.cpu_obstacle),
             ",\"memory\":", m.memory, ",\"memory_free\":", m.memory_free, ",\"disks\":[", disks, "],\"libraries\":{", libraries,
             "},\"sandbox\":", m.isolation_gap.empty() ? "true" : "false", ",\"sandbox_gap\":", json_or_null(m.isolation_gap),
             ",\"use\":{\"device\":", json_or_null(choice.device), ",\"dtype\":", json_or_null(choice.dtype),
             ",\"why_not\":", json_or_null(choice.why_not), ",\"dtype_why_not\":", json_or_null(choice.dtype_why), "}}\n");
}

}  // namespace thorax

#include "apps/verbs.h"

#include <algorithm>
#include <cstdio>
#include <cstring>

#include "apps/console.h"
#include "tensor/error.h"

namespace thorax {

const std::vector<Verb>& verbs() {
  static const std::vector<Verb> list{
      {"learn", "train", "train a model on a table of radiographs", train_flags, run_train},
      {"learn", "evaluate", "measure a run: AUC, sensitivity, specificity, F1, with intervals", evaluate_flags, run_evaluate},
      {"learn", "compare", "which of two runs is better, and by how much", compare_flags, run_compare},
      {"learn", "reproduce", "the paper's experiments and tables on any data set", reproduce_flags, run_reproduce},
      {"use", "predict", "probabilities for files or folders", predict_flags, run_predict},
      {"use", "explain", "heat maps on the original radiograph", explain_flags, run_explain},
      {"use", "report", "one HTML page about a run", report_flags, run_report},
      {"use", "export", "ONNX or safetensors for other programs", export_flags, run_export},
      {"data", "inspect", "what is in a radiograph, a data set, a file of weights", inspect_flags, run_inspect},
      {"data", "split", "patient-disjoint, stratified splits", split_flags, run_split},
      {"data", "cache", "preprocess once", cache_flags, run_cache},
      {"data", "phantom", "synthetic radiographs to try things with", phantom_flags, run_phantom},
      {"machine", "doctor", "what this machine has, and what will be used", doctor_flags, run_doctor},
      {"machine", "bench", "kernels and whole steps against this machine's limits", bench_flags, run_bench},
      {"shell", "completion", "what bash, zsh or fish completes commands with", completion_flags, run_completion},
      {"shell", "man", "the manual as a man page", man_flags, run_man},
  };
  return list;
}

namespace {

void print_overview() {
  std::printf("thorax %s: learns to read chest radiographs\n\n", THORAX_VERSION);
  const char* group = "";
  for (const Verb& v : verbs()) {
    const bool same = std::strcmp(group, v.group) == 0;
    std::printf("%-9s %-11s %s\n", same ? "" : v.group, v.name, v.summary);
    group = v.group;
  }
  std::printf(
      "\nthorax VERB --help has examples.   First time:\n"
      "  thorax phantom -o demo\n"
      "  thorax train --data demo/labels.csv --size 96 --epochs 6 --flip -o run\n");
}

}  // namespace

int run_verb(std::vector<std::string> arguments) {
  const auto words_begin = std::find(arguments.begin(), arguments.end(), "--");
  const auto flags_end = std::remove(arguments.begin(), words_begin, "--no-color");
  if (flags_end != words_begin) set_color(false);
  arguments.erase(flags_end, words_begin);
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h" || arguments[0] == "help") {
    print_overview();
    return 0;
  }
  if (arguments[0] == "--version") {
    std::printf("thorax %s\n", THORAX_VERSION);
    return 0;
  }
  std::vector<std::string> names;
  for (const Verb& v : verbs()) {
    names.emplace_back(v.name);
    if (arguments[0] != v.name) continue;
    Flags flags = v.flags();
    flags.parse({arguments.begin() + 1, arguments.end()});
    if (!flags.wants_help()) return v.run(flags);
    std::fputs(flags.help().c_str(), stdout);
    return 0;
  }
  const std::string near = nearest(arguments[0], names);
  if (!near.empty()) throw Error(Fault::input, str("no verb \"", arguments[0], "\"; did you mean ", near, "?"));
  throw Error(Fault::input, str("no verb \"", arguments[0], "\""), "thorax --help lists them");
}

}  // namespace thorax

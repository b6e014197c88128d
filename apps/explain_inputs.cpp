#include "apps/explain_inputs.h"

#include <cstdio>

#include "apps/console.h"
#include "apps/input_files.h"
#include "apps/interrupt.h"
#include "apps/printable.h"
#include "apps/run_table.h"
#include "data/sets/boxes.h"

namespace thorax {

namespace {

bool is_table(const std::vector<std::string>& words) {
  if (words.size() != 1) return false;
  const std::string& word = words[0];
  const auto ends = [&](const std::string& end) { return word.size() > end.size() && word.ends_with(end); };
  return ends(".csv") || ends(".csv.gz");
}

std::vector<ExplainInput> of_table(const Flags& flags, const std::vector<std::string>& classes) {
  data::ManifestOptions options;
  options.table = flags.positionals()[0];
  options.root = flags.text("root");
  options.labels = classes;
  const data::Manifest manifest = data::read_manifest(options);
  std::vector<ExplainInput> inputs;
  for (const size_t row : rows_of(manifest, flags.choice("split", {"train", "val", "test", "all"})))
    inputs.push_back({manifest.rows[row].file, manifest.rows[row].boxes, manifest.rows[row].labels});
  return inputs;
}

}  // namespace

std::vector<ExplainInput> explain_inputs(const Flags& flags, const std::vector<std::string>& classes) {
  std::vector<ExplainInput> inputs;
  if (is_table(flags.positionals())) {
    inputs = of_table(flags, classes);
  } else {
    for (const char* flag : {"root", "split"})
      if (flags.given(flag)) throw Error(Fault::input, str("--", flag, " goes with a table of images (CSV)"));
    for (const auto& file : files_of(flags.positionals())) inputs.push_back({file, {}});
  }
  if (!flags.given("boxes")) return inputs;
  const data::BoxTable boxes = data::read_boxes(flags.text("boxes"));
  const data::BoxesByName by_name(boxes);
  size_t found = 0;
  for (ExplainInput& input : inputs) {
    const auto* truth = by_name.of(input.file);
    if (truth == nullptr) continue;
    input.truth = *truth;
    ++found;
  }
  if (found == 0 && !boxes.empty())
    throw Error(Fault::input, str(flags.text("boxes"), ": none of its images is among those to explain"),
                str("its first image is ", boxes.begin()->first));
  return inputs;
}

int64_t for_each_image(const std::vector<ExplainInput>& inputs, const char* what, const std::function<void(size_t)>& f) {
  ProgressLine progress(what, static_cast<int64_t>(inputs.size()));
  int64_t failed = 0;
  for (size_t i = 0; i < inputs.size() && !interrupted(); ++i) {
    try {
      f(i);
    } catch (const Error& e) {
      if (e.fault() != Fault::input) throw;
      std::fprintf(stderr, "thorax: %s\n", printable(e.what()).c_str());
      ++failed;
    }
    progress.update(static_cast<int64_t>(i) + 1, "");
  }
  progress.finish();
  return failed;
}

int exit_code_of(int64_t failed, size_t images) {
  if (interrupted()) return interrupt_exit_code();
  if (failed == 0) return 0;
  std::fprintf(stderr, "%s of %s files failed (exit code 2)\n", with_commas(failed).c_str(),
               with_commas(static_cast<int64_t>(images)).c_str());
  return static_cast<int>(Fault::input);
}

}  // namespace thorax

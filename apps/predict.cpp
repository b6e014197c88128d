#include <algorithm>
#include <cstdio>
#include <functional>
#include <optional>

#include "apps/console.h"
#include "apps/device.h"
#include "apps/embedded_model.h"
#include "apps/ensemble.h"
#include "apps/input_files.h"
#include "apps/isolation.h"
#include "apps/metadata.h"
#include "apps/printable.h"
#include "apps/train_flags.h"
#include "apps/verbs.h"
#include "data/csv.h"
#include "data/image.h"

namespace thorax {

Flags predict_flags() {
  return Flags("predict", "--run RUN|--embed MODEL FILE|DIR... [flags]",
               "Probabilities for radiographs (DICOM, PNG, JPEG); + marks one at or above its cut-off.",
               {
                   {"run", "RUN,...", "a run folder or a model file; of several: the mean", ""},
                   {"embed", "FILE", "a .thx file instead of a run: by libthorax, as other programs use it", ""},
                   {"dtype", "fp32|bf16", "of --embed; bf16 needs AVX512_BF16 or AMX", "fp32"},
                   {"tta", "none|flip|six", "the mean over mirrored and turned images", "none"},
                   device_flag(),
                   {"threads", "N", "0: all processors", "0"},
                   {"csv", "", "CSV on stdout instead of the table", ""},
                   {"json", "", "one JSON object per image on stdout", ""},
               },
               {"thorax predict --run run a.png b.jpeg", "thorax predict --run run folder/ --csv > probabilities.csv"}, true);
}

namespace {

// How one image's line is written.
class Output {
 public:
  Output(const Flags& flags, const ModelDescription& model, const std::vector<std::filesystem::path>& files)
      : csv_(flags.on("csv")), json_(flags.on("json")), model_(model) {
    for (const auto& f : files) name_width_ = std::max(name_width_, columns(printable(f.string())));
    // 80 columns: the classes share what a short file name leaves.
    const size_t count = model.classes.size();
    name_width_ = std::min<size_t>(name_width_, 32);
    width_ = std::clamp<size_t>((80 - name_width_) / std::max<size_t>(1, count), 9, 16);
    is_tall_ = name_width_ + count * width_ > 80;
    header();
  }

  void line(const std::filesystem::path& file, const float* p) const {
    std::string text;
    if (json_)
      text = json_line(file, p);
    else if (csv_)
      text = csv_line(file, p);
    else if (is_tall_)
      text = tall(file, p);
    else {
      text = padded(shortened(printable(file.string()), name_width_), name_width_, false);
      for (size_t k = 0; k < model_.classes.size(); ++k) {
        text += padded(fixed(static_cast<double>(p[k]), 3) + (positive(k, p[k]) ? " +" : "  "), width_, true);
      }
    }
    print(text);
  }

 private:
  bool positive(size_t k, float p) const { return model_.cutoffs[k] && p >= *model_.cutoffs[k]; }

  static std::string padded(const std::string& text, size_t width, bool right) {
    const size_t used = columns(text);
    const std::string blanks(width > used ? width - used : 0, ' ');
    return right ? blanks + text : text + blanks;
  }

  // The classes below the file, where their columns are more than 80.
  std::string tall(const std::filesystem::path& file, const float* p) const {
    size_t width = 0;
    for (const std::string& c : model_.classes) width = std::max(width, columns(printable(c)));
    width = std::min<size_t>(width, 60);
    std::string text = printable(file.string());
    for (size_t k = 0; k < model_.classes.size(); ++k) {
      text += "\n  " + padded(shortened(printable(model_.classes[k]), width), width, false) + "  " +
              fixed(static_cast<double>(p[k]), 3) + (positive(k, p[k]) ? " +" : "");
    }
    return text;
  }

  void header() const {
    if (json_ || (is_tall_ && !csv_)) return;
    std::string text = csv_ ? "file" : padded("file", name_width_, false);
    for (const std::string& c : model_.classes) {
      text += csv_ ? ',' + data::csv_text(c) + ',' + data::csv_text(c + " positive")
                   : padded(shortened(printable(c), width_ - 3) + "  ", width_, true);
    }
    print(text);
  }

  // Without the blanks at its end.
  static void print(const std::string& text) {
    std::printf("%.*s\n", static_cast<int>(text.find_last_not_of(' ') + 1), text.c_str());
    std::fflush(stdout);
  }

  std::string csv_line(const std::filesystem::path& file, const float* p) const {
    std::string text = data::csv_text(file.string());
    for (size_t k = 0; k < model_.classes.size(); ++k) {
      text += ',' + fixed(static_cast<double>(p[k]), 6) + ',' + (model_.cutoffs[k] ? (positive(k, p[k]) ? "1" : "0") : "");
    }
    return text;
  }

  std::string json_line(const std::filesystem::path& file, const float* p) const {
    const auto quoted = [](const std::string& s) {
      const std::string list = encode_list({printable(s)});
      return list.substr(1, list.size() - 2);
    };
    std::string probabilities;
    std::string decisions;
    for (size_t k = 0; k < model_.classes.size(); ++k) {
      const std::string key = (k > 0 ? ", " : "") + quoted(model_.classes[k]) + ": ";
      probabilities += key + fixed(static_cast<double>(p[k]), 6);
      decisions += key + (model_.cutoffs[k] ? (positive(k, p[k]) ? "true" : "false") : "null");
    }
    return "{\"file\": " + quoted(file.string()) + ", \"probabilities\": {" + probabilities + "}, \"positive\": {" + decisions +
           "}}";
  }

  bool csv_, json_;
  bool is_tall_ = false;
  const ModelDescription& model_;
  size_t name_width_ = 4;
  size_t width_ = 9;
};

using Predict = std::function<std::vector<float>(const data::Image&)>;

// A line for every file. Returns the exit code.
int predict_files(const Flags& flags, const ModelDescription& model, const Predict& predict) {
  const std::vector<std::filesystem::path> files = files_of(flags.positionals());
  const Output output(flags, model, files);
  warn_where_decoders_have_rights();
  int64_t failed = 0;
  for (const auto& file : files) {
    try {
      const data::Image image = data::decode_image(file);
      if (!image.warning.empty())
        std::fprintf(stderr, "warning %s: %s\n", printable(file.string()).c_str(), image.warning.c_str());
      output.line(file, predict(image).data());
    } catch (const Error& e) {
      if (e.fault() != Fault::input) throw;
      std::fprintf(stderr, "thorax: %s\n", printable(e.what()).c_str());
      ++failed;
    }
  }
  if (failed > 0) {
    std::fprintf(stderr, "%s of %s files failed (exit code 2)\n", with_commas(failed).c_str(),
                 with_commas(static_cast<int64_t>(files.size())).c_str());
  }
  return failed > 0 ? static_cast<int>(Fault::input) : 0;
}

void say_at_the_end(const Flags& flags, bool has_cutoffs) {
  if (flags.on("json") || flags.on("csv")) return;
  std::fprintf(
      stderr, "%s Not a medical device.\n",
      has_cutoffs ? "+ at or above its cut-off." : "No cut-offs: those in the files are for one model and images as they are.");
}

int predict_embedded(const Flags& flags) {
  for (const char* other : {"run", "tta", "device"}) {
    if (flags.given(other)) throw Error(Fault::input, str("predict: --embed goes without --", other));
  }
  const EmbeddedModel embedded(flags.text("embed"), static_cast<int>(flags.integer("threads", 0, 64)),
                               flags.choice("dtype", {"fp32", "bf16"}) == "bf16");
  ModelDescription model;
  model.classes = embedded.classes();
  model.cutoffs = embedded.cutoffs();
  const int code = predict_files(flags, model, [&](const data::Image& image) { return embedded.predict(image); });
  say_at_the_end(flags, std::any_of(model.cutoffs.begin(), model.cutoffs.end(), [](const auto& c) { return c.has_value(); }));
  return code;
}

}  // namespace

int run_predict(Flags& flags) {
  const bool is_embedded = !flags.text("embed").empty();
  if ((flags.text("run").empty() && !is_embedded) || flags.positionals().empty()) {
    throw Error(Fault::input, "predict: --run RUN and at least one file or folder are expected",
                "thorax predict --help has examples");
  }
  if (is_embedded) return predict_embedded(flags);
  if (flags.given("dtype")) throw Error(Fault::input, "predict: --dtype goes with --embed");
  const Ensemble models(flags.list("run"), 1, stream_of(flags), test_views(flags));
  ModelDescription model = models.first();
  if (!models.has_own_cutoffs()) model.cutoffs.assign(model.classes.size(), std::nullopt);
  const int code = predict_files(flags, model, [&](const data::Image& image) { return models.predict(image); });
  say_at_the_end(flags, models.has_own_cutoffs());
  return code;
}

}  // namespace thorax

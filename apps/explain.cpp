#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>

#include "apps/class_choice.h"
#include "apps/console.h"
#include "apps/device.h"
#include "apps/explain_pictures.h"
#include "apps/explain_sanity.h"
#include "apps/interrupt.h"
#include "apps/isolation.h"
#include "apps/printable.h"
#include "apps/verbs.h"
#include "explain/truth.h"

namespace thorax {

Flags explain_flags() {
  std::vector<Flag> flags{
      {"run", "RUN,...", "a run folder or a model file; of several: the mean of their maps", ""},
      {"out", "DIR", "-o; where files go", "maps"},
      {"classes", "NAME,...|all", "else those at or above their cut-offs, or the most probable", ""},
      {"method", "NAME", "grad-cam, grad-cam++, hires-cam or layer-cam", "grad-cam"},
      {"layer", "NAME", "features.denseblock3, layer3, ...; else the last feature map", ""},
      {"target", "logit|probability", "what is explained", "logit"},
      {"scale", "image|set", "white is an image's own largest value, or that of all", "image"},
      {"threshold", "X", "the box is around the largest region of at least this, 0 to 1", "0.5"},
      {"boxes", "CSV", "what was marked by hand: image, class_name, x_min, y_min, x_max, y_max", ""},
      {"root", "DIR", "where the paths of a CSV of images begin", ""},
      {"split", "NAME", "of a CSV of images: train, val, test or all", "all"},
      {"sanity", "", "no pictures, but whether the maps are about what the model has learnt and looks at", ""},
      {"replicates", "N", "of the bootstrap for pointing game, overlap and --sanity", "10000"},
      {"seed", "N", "of the bootstrap, and of --sanity's weights and regions", "1"},
  };
  const std::vector<Flag> pictures = overlay_flags(), common{
                                                          device_flag(),
                                                          {"threads", "N", "0: all processors", "0"},
                                                          {"json", "", "one JSON object per image on stdout", ""},
                                                          {"overwrite", "", "write into a folder that holds files", ""},
                                                          {"quiet", "", "no progress", ""},
                                                      };
  flags.insert(flags.end(), pictures.begin(), pictures.end());
  flags.insert(flags.end(), common.begin(), common.end());
  return Flags("explain", "--run RUN FILE|DIR|CSV... [flags]",
               "Heat maps on the matrix of the original radiograph: where a model's answer comes from.", std::move(flags),
               {"thorax explain --run run a.dcm b.png", "thorax explain --run run1,run2 folder/ --classes all -o maps",
                "thorax explain --run run data/labels.csv --split test --boxes data/boxes.csv",
                "thorax explain --run run data/labels.csv --split test --sanity -o sanity"},
               true);
}

namespace {

class Explaining {
 public:
  Explaining(const Flags& flags, const Explainer& models)
      : models_(models),
        choice_(flags, models.first(), models.size() == 1),
        folder_(flags.text("out"), flags.on("overwrite")),
        threshold_(static_cast<float>(flags.number("threshold", 0.01, 1))),
        style_(overlay_options(flags)),
        json_(flags.on("json")) {}

  data::Image read(const ExplainInput& input) {
    const auto start = std::chrono::steady_clock::now();
    data::Image image = data::decode_image(input.file);
    times_.predict += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return image;
  }
  Explanation explain(const data::Image& image) { return models_.explain(image, times_); }

  // For one scale of all images: the largest raw value that each model's maps have.
  void take_scale(const Explanation& e) {
    scales_.resize(models_.size(), 0.0F);
    for (size_t m = 0; m < scales_.size(); ++m)
      scales_[m] = std::max(scales_[m], *std::max_element(e.raw[m].values.begin(), e.raw[m].values.end()));
  }

  void write(const ExplainInput& input, const data::Image& image, const Explanation& e) {
    const auto start = std::chrono::steady_clock::now();
    const std::string name = folder_.name_for(input.file);
    ExplainedImage done{input.file.string(), {}, e.probabilities, {}};
    for (size_t m = 0; m < e.raw.size(); ++m) done.raw.push_back(folder_.write_raw(name, m, e.raw.size(), e.raw[m]));
    const std::vector<size_t> chosen = choice_.of(e.probabilities);
    for (size_t k = 0; k < models_.classes().size(); ++k) {
      const bool shown = std::find(chosen.begin(), chosen.end(), k) != chosen.end();
      const std::vector<data::Box> truth = truth_of(input, k);
      if (!shown && truth.empty()) continue;
      const std::vector<float> map = models_.on_original(e, k, image, scales_);
      ClassMap one = located(k, e.probabilities[k], map, image.width, truth);
      if (shown) write_pictures(stem_of(name, k, models_.classes()[k]), input, image, map, one);
      done.maps.push_back(std::move(one));
    }
    times_.pictures += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    std::fputs(explain_line(done, models_.classes(), json_).c_str(), stdout);
    std::fflush(stdout);
    images_.push_back(std::move(done));
  }

  void finish(const Flags& flags) const {
    folder_.write("boxes.csv", boxes_csv(images_, models_.classes()));
    folder_.write("explain.json", overlay_list(overlays_));
    if (!located_.empty()) {
      const auto table = metrics::localisation(models_.classes(), located_, flags.integer("replicates", 0, 10000000),
                                               static_cast<uint64_t>(flags.integer("seed", 0, INT64_MAX)));
      folder_.write("localisation.json", localisation_json(table));
      std::fputs(("\n" + localisation_table(table)).c_str(), json_ ? stderr : stdout);
    }
    if (images_.empty()) return;
    const auto n = static_cast<double>(images_.size());
    folder_.write("times.json", times_json(times_, images_.size()));
    std::fprintf(stderr,
                 "%s: %zu images; of each: prediction %s s, maps of all classes %s s (%s%% of it), placing and writing %s s. "
                 "Not a medical device.\n",
                 printable(folder_.path().string()).c_str(), images_.size(), fixed(times_.predict / n, 3).c_str(),
                 fixed(times_.maps / n, 4).c_str(), fixed(100 * times_.maps / times_.predict, 1).c_str(),
                 fixed(times_.pictures / n, 3).c_str());
  }

 private:
  std::vector<data::Box> truth_of(const ExplainInput& input, size_t k) const {
    std::vector<data::Box> boxes;
    std::copy_if(input.truth.begin(), input.truth.end(), std::back_inserter(boxes),
                 [&](const data::Box& b) { return b.finding == models_.classes()[k]; });
    return boxes;
  }

  void write_pictures(const std::string& stem, const ExplainInput& input, const data::Image& image, const std::vector<float>& map,
                      ClassMap& one) {
    one.picture = folder_.write_picture(stem, map, image);
    const size_t k = one.class_index;
    ListedOverlay listed{models_.classes()[k], one.probability, choice_.cutoff(k), std::nullopt, {}, {}};
    if (!input.labels.empty() && !std::isnan(input.labels[k])) listed.truth = input.labels[k] >= 0.5F;
    if (!one.truth.empty()) listed.truth = true;
    overlays_.push_back(write_overlay(folder_, stem, input.file, image, map, one, listed, style_));
    one.overlay = overlays_.back().overlay;
  }

  ClassMap located(size_t k, float probability, const std::vector<float>& map, int64_t width,
                   const std::vector<data::Box>& truth) {
    ClassMap m{k, probability, std::nullopt, explain::peak_of(map, width), truth, false, 0, {}, {}};
    // The threshold is a part of the map's own largest value, whatever it is scaled to.
    const float most = *std::max_element(map.begin(), map.end());
    if (most > 0) m.found = explain::box_of(map, width, threshold_ * most);
    if (truth.empty()) return m;
    m.hit = most > 0 && explain::points_into(m.peak, truth);
    m.iou = explain::best_overlap(m.found, truth);
    located_.push_back({k, m.hit, m.iou});
    return m;
  }

  const Explainer& models_;
  ClassChoice choice_;
  ExplainFolder folder_;
  float threshold_;
  OverlayOptions style_;
  bool json_;
  std::vector<ListedOverlay> overlays_;
  std::vector<float> scales_;  // of each model; empty: each image's own
  ExplainTimes times_;
  std::vector<ExplainedImage> images_;
  std::vector<metrics::Located> located_;
};

int64_t explain_all(const Flags& flags, Explaining& explaining, const std::vector<ExplainInput>& inputs) {
  if (flags.choice("scale", {"image", "set"}) == "image") {
    return for_each_image(inputs, "explaining", [&](size_t i) {
      const data::Image image = explaining.read(inputs[i]);
      if (!image.warning.empty())
        std::fprintf(stderr, "warning %s: %s\n", printable(inputs[i].file.string()).c_str(), image.warning.c_str());
      explaining.write(inputs[i], image, explaining.explain(image));
    });
  }
  // Raw maps are small and stay in memory; the images are read again for their pictures.
  std::vector<std::optional<Explanation>> all(inputs.size());
  const int64_t failed = for_each_image(inputs, "explaining", [&](size_t i) {
    all[i] = explaining.explain(explaining.read(inputs[i]));
    explaining.take_scale(*all[i]);
  });
  for_each_image(inputs, "writing", [&](size_t i) {
    if (all[i]) explaining.write(inputs[i], data::decode_image(inputs[i].file), *all[i]);
  });
  return failed;
}

}  // namespace

int run_explain(Flags& flags) {
  if (flags.text("run").empty() || flags.positionals().empty()) {
    throw Error(Fault::input, "explain: --run RUN and at least one file, folder or table are expected",
                "thorax explain --help has examples");
  }
  ProgressLine::set_quiet(flags.on("quiet"));
  ExplainMethod method{
      flags.text("layer"), explain::method_of(flags.text("method")),
      flags.choice("target", {"logit", "probability"}) == "logit" ? explain::Target::logit : explain::Target::probability};
  const Explainer models(flags.list("run"), method, stream_of(flags));
  const std::vector<ExplainInput> inputs = explain_inputs(flags, models.classes());
  warn_where_decoders_have_rights();
  catch_interrupts();
  if (flags.on("sanity")) return explain_sanity(flags, models, inputs);
  Explaining explaining(flags, models);
  const int64_t failed = explain_all(flags, explaining, inputs);
  explaining.finish(flags);
  return exit_code_of(failed, inputs.size());
}

}  // namespace thorax

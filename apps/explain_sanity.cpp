#include "apps/explain_sanity.h"

#include <algorithm>
#include <cstdio>

#include "apps/class_choice.h"
#include "apps/console.h"
#include "apps/device.h"
#include "apps/explain_output.h"
#include "apps/interrupt.h"
#include "apps/printable.h"
#include "apps/scoring.h"
#include "explain/sanity.h"
#include "explain/similarity.h"
#include "metrics/rank_correlation.h"
#include "tensor/json.h"

namespace thorax {

namespace {

// What is kept of an image while the weights become random.
struct Seen {
  std::vector<uint8_t> plane;  // [size,size]
  explain::Planes scores;      // of the trained model, [C,h,w], before the ReLU
};

struct StageResult {
  std::string name;
  std::vector<double> rank, similarity;  // of each image, the mean over the classes
};

struct ClassResult {
  std::vector<double> marked, random, more;  // of each image; more: marked - random
};

class Sanity {
 public:
  Sanity(const Flags& flags, const Explainer& models)
      : model_(models.model(0)),
        choice_(flags, models.first(), true),
        threshold_(static_cast<float>(flags.number("threshold", 0.01, 1))),
        seed_(static_cast<uint64_t>(flags.integer("seed", 0, INT64_MAX))),
        classes_(models.classes().size()) {}

  void look(const ExplainInput& input, size_t number) {
    const data::Image image = data::decode_image(input.file);
    const data::Recipe& recipe = model_.description().recipe;
    Seen seen{data::preprocess(image, recipe), {}};
    const std::vector<float> p = predict_plane(model_.network(), seen.plane, {{}});
    seen.scores = scores();
    for (const size_t k : choice_.of(p))
      grey_out(k, seen, data::placed(image.height, image.width, recipe), Rng(seed_, number * classes_.size() + k));
    seen_.push_back(std::move(seen));
  }

  void make_random(const Stream& stream) {
    const Store fresh = Network::make_store(network_spec(model_.description(), stream), seed_, false);
    const std::vector<explain::Stage> stages = explain::stages_from_head(fresh.names());
    ProgressLine progress("random weights", static_cast<int64_t>(stages.size()));
    for (size_t s = 0; s < stages.size() && !interrupted(); ++s) {
      explain::randomise(stages[s], fresh, model_.store());
      StageResult& result = stages_.emplace_back();
      result.name = stages[s].name;
      for (const Seen& seen : seen_) {
        predict_plane(model_.network(), seen.plane, {{}});
        compare(seen.scores, scores(), result);
      }
      progress.update(static_cast<int64_t>(s) + 1, "");
    }
    progress.finish();
  }

  std::string table(const std::vector<std::string>& names, int64_t replicates) const {
    std::string text = str("maps of the trained model and of random weights, ", seen_.size(), " images (1: the same map)\n",
                           padded("random down to", 26), "  rank correlation          structural similarity\n");
    for (const StageResult& s : stages_)
      text += str(padded(shortened(s.name, 26), 26), "  ", padded(mean_text(s.rank, replicates), 26),
                  mean_text(s.similarity, replicates), '\n');
    text += str("\nwhat the probability loses when the marked region is grey, or random ones are\n", padded("", 24),
                " images  marked  random  difference                more\n");
    for (size_t k = 0; k < classes_.size(); ++k) {
      const ClassResult& c = classes_[k];
      if (c.more.empty()) continue;
      const auto more = static_cast<double>(std::count_if(c.more.begin(), c.more.end(), [](double d) { return d > 0; }));
      const auto mean = [&](const std::vector<double>& v) { return fixed(metrics::mean_interval(v, 0, seed_).value, 3); };
      const std::string images = with_commas(std::ssize(c.more));
      text += str(padded(shortened(names[k], 24), 24), std::string(7 - std::min<size_t>(7, images.size()), ' '), images, "  ",
                  padded(mean(c.marked), 8), padded(mean(c.random), 8), padded(mean_text(c.more, replicates), 26),
                  fixed(100 * more / static_cast<double>(c.more.size()), 0), "%\n");
    }
    return text;
  }

  std::string json(const std::vector<std::string>& names, int64_t replicates) const {
    const auto measure = [&](const std::vector<double>& v) {
      return v.empty() ? std::string("null") : mean_json(metrics::mean_interval(v, replicates, seed_));
    };
    std::string stages, classes;
    for (const StageResult& s : stages_)
      stages += str(stages.empty() ? "" : ", ", "{\"random_down_to\": ", json_quote(s.name),
                    ", \"rank_correlation\": ", measure(s.rank), ", \"structural_similarity\": ", measure(s.similarity), "}");
    for (size_t k = 0; k < classes_.size(); ++k) {
      const ClassResult& c = classes_[k];
      if (c.more.empty()) continue;
      classes += str(classes.empty() ? "" : ", ", "{\"name\": ", json_quote(printable(names[k])), ", \"images\": ", c.more.size(),
                     ", \"marked\": ", measure(c.marked), ", \"random\": ", measure(c.random),
                     ", \"difference\": ", measure(c.more), "}");
    }
    return str("{\"images\": ", seen_.size(), ", \"stages\": [", stages, "], \"greyed\": [", classes, "]}\n");
  }

 private:
  // Of what the network has just seen.
  explain::Planes scores() {
    Network& network = model_.network();
    return explain::head_scores(explain::planes_of(network.features(), 0), model_.store().find(network.head_weight()).as<float>(),
                                std::ssize(classes_));
  }

  // Values below 0 left out, the largest 1: what a picture shows.
  static std::vector<float> shown(const explain::Planes& scores, int64_t k) {
    std::vector<float> map(scores.plane(k), scores.plane(k) + scores.pixels());
    for (float& v : map) v = std::max(0.0F, v);
    explain::normalise(map, *std::max_element(map.begin(), map.end()));
    return map;
  }

  void grey_out(size_t k, const Seen& seen, const data::Placed& inside, const Rng& rng) {
    const data::Recipe& recipe = model_.description().recipe;
    const std::vector<float> small = shown(seen.scores, static_cast<int64_t>(k));
    const std::vector<float> map =
        explain::on_original(small.data(), seen.scores.height, seen.scores.width, recipe, recipe.size, recipe.size);
    const float most = *std::max_element(map.begin(), map.end());
    if (most <= 0) return;
    const std::optional<data::Box> box = within(*explain::box_of(map, recipe.size, threshold_ * most), inside);
    if (!box) return;
    const auto probability = [&](const std::vector<uint8_t>& plane) {
      return double{predict_plane(model_.network(), plane, {{}})[k]};
    };
    const explain::Greying lost = explain::greying(seen.plane, recipe.size, inside, *box, probability, rng);
    classes_[k].marked.push_back(lost.marked);
    classes_[k].random.push_back(lost.random);
    classes_[k].more.push_back(lost.marked - lost.random);
  }

  // The part of the box that lies in the radiograph, not in its padding.
  static std::optional<data::Box> within(const data::Box& box, const data::Placed& inside) {
    const auto left = std::max(box.x, static_cast<float>(inside.left));
    const auto top = std::max(box.y, static_cast<float>(inside.top));
    const auto right = std::min(box.x + box.width, static_cast<float>(inside.left + inside.width));
    const auto bottom = std::min(box.y + box.height, static_cast<float>(inside.top + inside.height));
    if (right <= left || bottom <= top) return std::nullopt;
    return data::Box{{}, left, top, right - left, bottom - top};
  }

  static void compare(const explain::Planes& trained, const explain::Planes& random, StageResult& result) {
    double rank = 0;
    double similarity = 0;
    int64_t ranked = 0;
    const auto pixels = static_cast<size_t>(trained.pixels());
    for (int64_t k = 0; k < trained.count; ++k) {
      const auto r = metrics::rank_correlation({trained.plane(k), pixels}, {random.plane(k), pixels});
      if (r) rank += *r;
      ranked += r ? 1 : 0;
      similarity += explain::structural_similarity(shown(trained, k), shown(random, k), trained.width);
    }
    if (ranked > 0) result.rank.push_back(rank / static_cast<double>(ranked));
    result.similarity.push_back(similarity / static_cast<double>(trained.count));
  }

  std::string mean_text(const std::vector<double>& values, int64_t replicates) const {
    if (values.empty()) return "not defined";
    const metrics::Mean mean = metrics::mean_interval(values, replicates, seed_);
    const std::string text = fixed(mean.value, 3);
    return mean.interval ? str(text, " (", fixed(mean.interval->low, 3), " to ", fixed(mean.interval->high, 3), ')') : text;
  }

  LoadedModel& model_;
  ClassChoice choice_;
  float threshold_;
  uint64_t seed_;
  std::vector<ClassResult> classes_;
  std::vector<Seen> seen_;
  std::vector<StageResult> stages_;
};

void refuse_what_has_no_meaning(const Flags& flags, size_t models) {
  if (models > 1) throw Error(Fault::input, "explain --sanity looks at one model", "call it once for each");
  for (const char* flag : {"layer", "method", "target", "scale", "boxes", "dicom", "colormap", "opacity"})
    if (flags.given(flag))
      throw Error(Fault::input, str("explain --sanity: --", flag, " has no meaning here"),
                  "it looks at Grad-CAM at the last feature map, and makes no pictures");
}

std::vector<ExplainInput> in_equal_steps(const std::vector<ExplainInput>& inputs) {
  if (inputs.size() <= sanity_images) return inputs;
  std::vector<ExplainInput> some;
  for (size_t i = 0; i < sanity_images; ++i) some.push_back(inputs[i * inputs.size() / sanity_images]);
  std::fprintf(stderr, "note    %zu of %s images, in equal steps\n", sanity_images, with_commas(std::ssize(inputs)).c_str());
  return some;
}

}  // namespace

int explain_sanity(const Flags& flags, const Explainer& models, const std::vector<ExplainInput>& inputs) {
  refuse_what_has_no_meaning(flags, models.size());
  const ExplainFolder folder(flags.text("out"), flags.on("overwrite"));
  const int64_t replicates = flags.integer("replicates", 0, 10000000);
  const std::vector<ExplainInput> some = in_equal_steps(inputs);
  Sanity sanity(flags, models);
  const int64_t failed = for_each_image(some, "greying", [&](size_t i) { sanity.look(some[i], i); });
  if (failed < std::ssize(some)) sanity.make_random(stream_of(flags));
  if (!interrupted() && failed < std::ssize(some)) {
    const std::string json = sanity.json(models.classes(), replicates);
    folder.write("sanity.json", json);
    std::fputs((flags.on("json") ? json : sanity.table(models.classes(), replicates)).c_str(), stdout);
  }
  return exit_code_of(failed, some.size());
}

}  // namespace thorax

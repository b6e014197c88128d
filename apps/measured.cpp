#include "apps/measured.h"

#include <charconv>

#include "apps/console.h"
#include "apps/image_cache.h"
#include "apps/run_table.h"
#include "metrics/evaluation.h"

namespace thorax {

std::vector<Flag> decision_flags() {
  return {{"cutoff", "POLICY", "youden, f1, sensitivity=X or specificity=X, on validation", "youden"},
          {"calibrate", "none|temperature|platt", "per class, fitted on validation", "none"}};
}

metrics::CutoffPolicy cutoff_policy(const std::string& text) {
  using Kind = metrics::CutoffPolicy::Kind;
  if (text == "youden") return {};
  if (text == "f1") return {Kind::f1, 0};
  const size_t equals = text.find('=');
  const std::string name = text.substr(0, equals);
  double target = 0;
  if (equals != std::string::npos) {
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + equals + 1, end, target);
    if (parsed.ec != std::errc() || parsed.ptr != end) target = 0;
  }
  if ((name != "sensitivity" && name != "specificity") || !(target > 0 && target <= 1))
    throw Error(Fault::input, str("--cutoff is \"", text, "\"; youden, f1, sensitivity=X or specificity=X is expected"),
                "X is above 0 and at most 1, 0.9 for instance");
  return {name == "sensitivity" ? Kind::sensitivity : Kind::specificity, target};
}

namespace {

std::string policy_text(const metrics::CutoffPolicy& policy, int64_t images) {
  using Kind = metrics::CutoffPolicy::Kind;
  const std::string on = str(" on validation (", with_commas(images), ")");
  switch (policy.kind) {
    case Kind::youden: return "Youden" + on;
    case Kind::f1: return "best F1" + on;
    case Kind::sensitivity: return str("sensitivity of at least ", policy.target, on);
    case Kind::specificity: return str("specificity of at least ", policy.target, on);
  }
  return {};
}

}  // namespace

Measured measure(const Flags& flags, const Ensemble& models, const data::Manifest& manifest, const std::vector<size_t>& rows) {
  const metrics::CutoffPolicy policy = cutoff_policy(flags.text("cutoff"));
  const std::string& method = flags.choice("calibrate", {"none", "temperature", "platt"});
  const auto workers = static_cast<int>(flags.integer("workers", 1, 256));
  const std::filesystem::path cache = cache_folder(flags);
  Measured m;
  m.scores = models.score(manifest, rows, workers, cache);
  if (models.has_own_cutoffs() && policy.kind == metrics::CutoffPolicy::Kind::youden && method == "none") {
    m.cutoffs = models.first().cutoffs;
    m.cutoffs_text = policy_text(policy, models.first().validation_images);
    return m;
  }
  const data::Manifest own = own_table(flags, flags.positionals()[0], models.classes());
  metrics::Scores validation = models.score(own, rows_of(own, "val"), workers, cache);
  if (method != "none") {
    m.calibrations = metrics::fit_calibrations(
        validation, method == "platt" ? metrics::CalibrationMethod::platt : metrics::CalibrationMethod::temperature);
    metrics::apply_calibrations(validation, m.calibrations);
    metrics::apply_calibrations(m.scores, m.calibrations);
  }
  m.cutoffs = metrics::choose_cutoffs(validation, policy);
  m.cutoffs_text = policy_text(policy, validation.n);
  return m;
}

metrics::Scores part_of(const metrics::Scores& all, const std::vector<size_t>& order) {
  metrics::Scores part{all.classes, static_cast<int64_t>(order.size()), {}, {}};
  const size_t c = all.classes.size();
  for (const size_t i : order)
    for (size_t k = 0; k < c; ++k) {
      part.probabilities.push_back(all.probabilities[i * c + k]);
      part.labels.push_back(all.labels[i * c + k]);
    }
  return part;
}

}  // namespace thorax

#include "losses/distribution_balanced.h"

#include <cmath>
#include <cstdint>
#include <initializer_list>

#include "losses/class_name.h"
#include "tensor/error.h"

namespace thorax {

namespace {

int64_t find_class(const std::vector<std::string>& classes, const std::string& name) {
  for (size_t k = 0; k < classes.size(); ++k)
    if (folded(classes[k]) == folded(name)) return static_cast<int64_t>(k);
  return -1;
}

void check_finite(const LossOptions& o, std::initializer_list<double> values) {
  for (const double value : values)
    if (!std::isfinite(value)) throw Error(Fault::input, str("loss ", o.name, ": every parameter must be a finite number"));
}

}  // namespace

void add_rebalancing(LossTable& table, const LossOptions& options, const ClassCounts& counts) {
  check_finite(options, {options.alpha, options.beta, options.mu});
  table.rebalance = true;
  table.alpha = options.alpha;
  table.beta = options.beta;
  table.mu = options.mu;
  for (size_t k = 0; k < counts.classes.size(); ++k) table.inverse_count[k] = 1 / counts.positives[k];
}

void add_no_finding(LossTable& table, const LossOptions& options, const ClassCounts& counts) {
  table.no_finding = find_class(counts.classes, options.no_finding.empty() ? "No finding" : options.no_finding);
  if (table.no_finding < 0 && !options.no_finding.empty())
    throw Error(Fault::input, str("loss ", options.name, ": no class is called '", options.no_finding, "'"),
                "the classes are " + joined(counts.classes));
  if (table.no_finding < 0) {
    table.note = "no class is called 'No finding': the modified Distribution-Balanced loss equals the original";
    return;
  }
  const auto classes = static_cast<double>(counts.classes.size());
  for (const double inverse : table.inverse_count) table.c_hat += inverse / (classes * classes);
}

void add_negative_tolerance(LossTable& table, const LossOptions& options, const ClassCounts& counts, bool as_published_code) {
  check_finite(options, {options.kappa, options.lambda});
  if (options.lambda <= 0)
    throw Error(Fault::input, str("loss ", options.name, ": lambda is ", options.lambda, ", it must be above 0"),
                "5 is the usual value");
  table.form.lambda = options.lambda;
  const double kappa = as_published_code ? options.kappa / options.lambda : options.kappa;
  for (size_t k = 0; k < counts.classes.size(); ++k)
    table.of[k].bias = kappa * std::log(counts.known[k] / counts.positives[k] - 1);
}

}  // namespace thorax

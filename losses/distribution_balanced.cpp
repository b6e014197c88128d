#include "losses/distribution_balanced.h"

#include <cctype>
#include <cmath>
#include <cstdint>

#include "tensor/error.h"

namespace thorax {

namespace {

// "No finding", "no_finding" and "NO-FINDING" are one name.
std::string folded(const std::string& name) {
  std::string out;
  for (const char c : name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) out += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

int64_t find_class(const std::vector<std::string>& classes, const std::string& name) {
  for (size_t k = 0; k < classes.size(); ++k)
    if (folded(classes[k]) == folded(name)) return static_cast<int64_t>(k);
  return -1;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

void check_options(const LossOptions& o) {
  for (const double value : {o.alpha, o.beta, o.mu, o.kappa, o.lambda})
    if (!std::isfinite(value)) throw Error(Fault::input, str("loss ", o.name, ": every parameter must be a finite number"));
  if (o.lambda <= 0)
    throw Error(Fault::input, str("loss ", o.name, ": lambda is ", o.lambda, ", it must be above 0"), "5 is the usual value");
}

void check_counts(const LossOptions& o, const ClassCounts& counts) {
  for (size_t k = 0; k < counts.classes.size(); ++k) {
    const double positives = counts.positives[k];
    const double known = counts.known[k];
    if (positives > 0 && positives < known) continue;
    throw Error(Fault::input,
                str("loss ", o.name, ": class '", counts.classes[k], "' has ", positives, " positive of ", known,
                    " known labels in the training set; the weights need at least one positive and one negative"),
                "leave the class out, or choose the loss bce");
  }
}

}  // namespace

LossTable make_distribution_balanced(const LossOptions& options, const ClassCounts& counts) {
  check_options(options);
  check_counts(options, counts);
  LossTable table;
  table.lambda = options.lambda;
  table.rebalance = true;
  table.alpha = options.alpha;
  table.beta = options.beta;
  table.mu = options.mu;
  for (size_t k = 0; k < counts.classes.size(); ++k) {
    table.inverse_count.push_back(1 / counts.positives[k]);
    table.bias.push_back(options.kappa * std::log(counts.known[k] / counts.positives[k] - 1));
  }
  return table;
}

LossTable make_distribution_balanced_modified(const LossOptions& options, const ClassCounts& counts) {
  LossTable table = make_distribution_balanced(options, counts);
  table.no_finding = find_class(counts.classes, options.no_finding.empty() ? "No finding" : options.no_finding);
  if (table.no_finding < 0 && !options.no_finding.empty())
    throw Error(Fault::input, str("loss ", options.name, ": no class is called '", options.no_finding, "'"),
                str("the classes are ", joined(counts.classes)));
  if (table.no_finding < 0) {
    table.note = "no class is called 'No finding': the modified Distribution-Balanced loss equals the original";
    return table;
  }
  const auto classes = static_cast<double>(counts.classes.size());
  for (const double inverse : table.inverse_count) table.c_hat += inverse / (classes * classes);
  return table;
}

}  // namespace thorax

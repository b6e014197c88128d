#include "losses/distribution_balanced.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace thorax {

namespace {

// The weights divide by n_k and v_k takes the logarithm of N/n_k - 1: both ends are refused.
void check_counts(const ClassCounts& counts) {
  for (size_t k = 0; k < counts.classes.size(); ++k) {
    const bool none = counts.positives[k] <= 0;
    if (!none && counts.positives[k] < counts.known[k]) continue;
    throw Error(Fault::input,
                str("the Distribution-Balanced loss needs positive and negative training images of every class; \"", counts.classes[k], "\" has ",
                    counts.positives[k], " positive of ", counts.known[k]),
                "--loss bce does without, or leave the class out with --labels");
  }
}

std::string plain_name(const std::string& name) {
  std::string plain;
  for (char c : name) {
    if (c != ' ' && c != '_' && c != '-') plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return plain;
}

}  // namespace

int64_t find_no_finding(const std::vector<std::string>& classes, const std::string& wanted) {
  const auto found = std::find_if(classes.begin(), classes.end(), [&](const std::string& name) {
    return wanted.empty() ? plain_name(name) == "nofinding" : name == wanted;
  });
  if (found != classes.end()) return found - classes.begin();
  if (!wanted.empty()) throw Error(Fault::input, str("--no-finding: no class is named \"", wanted, "\""));
  return -1;
}

Loss distribution_balanced(const LossOptions& options, const ClassCounts& counts) {
  check_counts(counts);
  Loss loss;
  LossTable& t = loss.table;
  t.classes = static_cast<int64_t>(counts.classes.size());
  t.rebalance = true;
  t.alpha = options.alpha;
  t.beta = options.beta;
  t.mu = options.mu;
  t.lambda = options.lambda;
  for (size_t k = 0; k < counts.classes.size(); ++k) {
    t.inverse_counts.push_back(1.0 / counts.positives[k]);
    t.bias.push_back(options.kappa * std::log(counts.known[k] / counts.positives[k] - 1.0));  // v_k, equation 9
  }
  return loss;
}

Loss modified_distribution_balanced(const LossOptions& options, const ClassCounts& counts) {
  Loss loss = distribution_balanced(options, counts);
  LossTable& t = loss.table;
  t.no_finding = find_no_finding(counts.classes, options.no_finding);
  if (t.no_finding < 0) {
    loss.note = "no class is named \"No finding\": the modified Distribution-Balanced loss equals the original";
    return loss;
  }
  for (double inverse : t.inverse_counts) t.c_hat += inverse;
  t.c_hat /= static_cast<double>(t.classes * t.classes);  // the mean of P^C_k = (1/C) / n_k
  return loss;
}

}  // namespace thorax

#include "losses/registry.h"

#include "losses/bce.h"
#include "losses/distribution_balanced.h"

namespace thorax {

namespace {

struct Entry {
  const char* name;
  Loss (*make)(const LossOptions&, const ClassCounts&);
};

constexpr Entry entries[] = {
    {"bce", bce},
    {"db", distribution_balanced},
    {"db-modified", modified_distribution_balanced},
};

}  // namespace

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const Entry& e : entries) names.emplace_back(e.name);
  return names;
}

Loss make_loss(const LossOptions& options, const ClassCounts& counts) {
  std::string known;
  for (const Entry& e : entries) {
    if (options.name == e.name) return e.make(options, counts);
    known += (known.empty() ? "" : ", ") + std::string(e.name);
  }
  throw Error(Fault::input, str("no loss is named \"", options.name, "\""), "the losses are: " + known);
}

}  // namespace thorax

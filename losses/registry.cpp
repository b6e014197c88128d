#include "losses/registry.h"

#include <array>

#include "losses/bce.h"
#include "losses/distribution_balanced.h"
#include "tensor/error.h"

namespace thorax {

namespace {

struct Entry {
  const char* name;
  LossTable (*make)(const LossOptions&, const ClassCounts&);
};

constexpr std::array<Entry, 3> losses{{
    {"bce", make_bce},
    {"db", make_distribution_balanced},
    {"db-modified", make_distribution_balanced_modified},
}};

}  // namespace

LossTable make_loss(const LossOptions& options, const ClassCounts& counts) {
  if (counts.positives.size() != counts.classes.size() || counts.known.size() != counts.classes.size())
    throw Error(Fault::defect, str("make_loss: ", counts.classes.size(), " classes, ", counts.positives.size(), " and ",
                                   counts.known.size(), " counts"));
  for (const Entry& entry : losses)
    if (options.name == entry.name) return entry.make(options, counts);
  std::string known;
  for (const std::string& name : loss_names()) known += (known.empty() ? "" : ", ") + name;
  throw Error(Fault::input, str("unknown loss '", options.name, "'"), str("the losses are ", known));
}

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  for (const Entry& entry : losses) names.emplace_back(entry.name);
  return names;
}

}  // namespace thorax

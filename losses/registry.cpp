#include "losses/registry.h"

#include <array>

#include "losses/counts.h"
#include "losses/distribution_balanced.h"
#include "losses/focal.h"
#include "losses/weighted_bce.h"
#include "tensor/error.h"

namespace thorax {

namespace {

enum class Family : uint8_t { bce, db, db_modified, db_code };

// What a name stands for; the options switch rebalancing, tolerance and focal by themselves.
struct Entry {
  const char* name;
  Family family;
  bool class_weights, rebalance, tolerance, focal;
};

constexpr std::array<Entry, 6> losses{{
    {"bce", Family::bce, false, false, false, false},
    {"bce-weighted", Family::bce, true, false, false, false},
    {"focal", Family::bce, false, false, false, true},
    {"db", Family::db, false, true, true, false},
    {"db-modified", Family::db_modified, false, true, true, false},
    {"db-code", Family::db_code, false, true, true, true},
}};

LossTable compose(const Entry& entry, const LossOptions& o, const ClassCounts& given) {
  const bool rebalance = o.rebalance.value_or(entry.rebalance);
  const bool tolerance = o.tolerance.value_or(entry.tolerance);
  const bool focal = o.focal.value_or(entry.focal);
  LossTable table(given.classes.size());
  std::string clamped;
  const ClassCounts counts = entry.class_weights || rebalance || tolerance ? usable_counts(o, given, clamped) : given;
  if (entry.class_weights) add_class_weights(table, o, counts);
  if (rebalance) add_rebalancing(table, o, counts);
  if (rebalance && entry.family == Family::db_modified) add_no_finding(table, o, counts);
  if (tolerance) add_negative_tolerance(table, o, counts, entry.family == Family::db_code);
  if (focal) add_focal(table, o.focal_gamma, entry.family == Family::bce ? 1 : o.db_focal_scale);
  if (focal && entry.family == Family::bce && !entry.class_weights) add_focal_alpha(table, o.focal_alpha);
  if (!clamped.empty()) table.note += (table.note.empty() ? "" : "; ") + clamped;
  return table;
}

}  // namespace

LossTable make_loss(const LossOptions& options, const ClassCounts& counts) {
  if (counts.positives.size() != counts.classes.size() || counts.known.size() != counts.classes.size())
    throw Error(Fault::defect, str("make_loss: ", counts.classes.size(), " classes, ", counts.positives.size(), " and ",
                                   counts.known.size(), " counts"));
  for (const Entry& entry : losses)
    if (options.name == entry.name) return compose(entry, options, counts);
  throw Error(Fault::input, str("unknown loss '", options.name, "'"), "the losses are " + joined(loss_names()));
}

std::vector<std::string> loss_names() {
  std::vector<std::string> names;
  names.reserve(losses.size());
  for (const Entry& entry : losses) names.emplace_back(entry.name);
  return names;
}

}  // namespace thorax

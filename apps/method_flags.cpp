#include "apps/method_flags.h"

#include <algorithm>

#include "apps/printable.h"

namespace thorax {

std::vector<Flag> with_method_flags(std::vector<Flag> others) {
  const std::vector<Flag> method{
      {"loss", "NAME", "bce, bce-weighted, focal, db, db-modified or db-code", "db-modified"},
      {"no-finding", "CLASS", "the class that means nothing was found", ""},
      {"rebalance", "auto|on|off", "db's weights by image; auto: as the loss has it", "auto"},
      {"tolerance", "auto|on|off", "db's negative tolerance; auto: as the loss has it", "auto"},
      {"focal", "auto|on|off", "the focal factor; auto: as the loss has it", "auto"},
      {"db-alpha", "X", "offset of the rebalancing weights", "0.1"},
      {"db-beta", "X", "their steepness", "10"},
      {"db-mu", "X", "their midpoint", "0.3"},
      {"db-kappa", "X", "negative tolerance: size of the class bias", "0.05"},
      {"db-lambda", "X", "negative tolerance: scale of negatives", "5"},
      {"db-focal-scale", "X", "the constant before db's focal factor", "2"},
      {"focal-gamma", "X", "exponent of the focal factor", "2"},
      {"focal-alpha", "X", "focal: weight of positives; 0: no weights", "0.25"},
      {"class-weights", "share|ratio", "bce-weighted: (N-n)/N and n/N, or (N-n)/n and 1", "share"},
      {"clamp-counts", "", "go on where a class has one value only in training", ""},
      {"class-aware", "", "draw every class equally often", ""},
      {"schedule", "NAME", "triangular, triangular2, exp_range, cosine, or constant (--max-lr)", "triangular"},
      {"lr", "X", "lowest learning rate", "0.001"},
      {"max-lr", "X", "highest learning rate", "0.006"},
      {"cycle-steps", "N", "steps of one triangle; 0: half of all steps", "0"},
      {"lr-gamma", "X", "exp_range: the height's factor per step", "0.99994"},
      {"warmup-steps", "N", "cosine: steps of the rise to --max-lr", "0"},
      {"momentum", "X", "of SGD", "0.9"},
      {"weight-decay", "X", "of SGD, on all parameters", "0"},
      {"clip-norm", "X", "scale gradients down to this norm; 0: never", "0"},
      {"freeze", "A,B,...", "parameters to leave as they are: beginnings of names, or backbone", ""},
      {"backbone-lr-factor", "X", "learning rate of all but the last layer, as a factor", "1"},
      {"ema", "DECAY", "keep and judge a moving average of the weights, e.g. 0.999", "0"},
  };
  const auto at = std::find_if(others.begin(), others.end(), [](const Flag& f) { return f.name == "flip"; });
  others.insert(at, method.begin(), method.end());
  return others;
}

namespace {

std::optional<bool> part(const Flags& flags, const char* name) {
  const std::string& value = flags.choice(name, {"auto", "on", "off"});
  return value == "auto" ? std::nullopt : std::optional(value == "on");
}

LossOptions loss_of_flags(const Flags& flags) {
  LossOptions o;
  o.name = flags.choice("loss", loss_names());
  o.no_finding = flags.text("no-finding");
  o.rebalance = part(flags, "rebalance");
  o.tolerance = part(flags, "tolerance");
  o.focal = part(flags, "focal");
  o.alpha = flags.number("db-alpha", 0, 1e6);
  o.beta = flags.number("db-beta", 0, 1e6);
  o.mu = flags.number("db-mu", -1e6, 1e6);
  o.kappa = flags.number("db-kappa", 0, 1e6);
  o.lambda = flags.number("db-lambda", 1e-6, 1e6);
  o.db_focal_scale = flags.number("db-focal-scale", 1e-6, 1e6);
  o.focal_gamma = flags.number("focal-gamma", 0, 100);
  o.focal_alpha = flags.number("focal-alpha", 0, 0.999999);
  o.ratio_weights = flags.choice("class-weights", {"share", "ratio"}) == "ratio";
  o.clamp_counts = flags.on("clamp-counts");
  return o;
}

Schedule schedule_of_flags(const Flags& flags) {
  Schedule s;
  s.name = flags.choice("schedule", schedule_names());
  s.max = flags.number("max-lr", 0, 1e3);
  s.base = flags.number("lr", 0, 1e3);
  if (s.name == "constant") s.base = s.max;
  s.up = s.down = static_cast<double>(flags.integer("cycle-steps", 0, 1000000000)) / 2;
  s.gamma = flags.number("lr-gamma", 0, 1);
  s.warmup = static_cast<double>(flags.integer("warmup-steps", 0, 1000000000));
  return s;
}

}  // namespace

void read_method(const Flags& flags, TrainConfig& config) {
  config.loss = loss_of_flags(flags);
  config.schedule = schedule_of_flags(flags);
  config.class_aware = flags.on("class-aware");
  UpdateOptions& u = config.update;
  u.momentum = flags.number("momentum", 0, 1);
  u.weight_decay = flags.number("weight-decay", 0, 1e3);
  u.clip_norm = flags.number("clip-norm", 0, 1e9);
  u.freeze = flags.list("freeze");
  u.backbone_lr = flags.number("backbone-lr-factor", 0, 1e6);
  u.average_decay = flags.number("ema", 0, 0.9999999);
}

std::string method_lines(const TrainConfig& config, const LossTable& loss, const std::vector<std::string>& classes) {
  std::string text = "loss    " + config.loss.name;
  if (config.loss.rebalance || config.loss.tolerance || config.loss.focal)
    text += str(": rebalancing ", loss.rebalance ? "on" : "off", ", negative tolerance ",
                loss.form.lambda != 1 || loss.of[0].bias != 0 ? "on" : "off", ", focal ", loss.form.gamma != 0 ? "on" : "off");
  if (loss.no_finding >= 0) text += str(", no finding = \"", printable(classes[static_cast<size_t>(loss.no_finding)]), '"');
  if (config.class_aware) text += "; every class is drawn equally often";
  const Schedule& s = config.schedule;
  const UpdateOptions& u = config.update;
  text += str("\nupdate  SGD, ", s.name, ' ', s.base);
  if (s.name != "constant") text += str(" to ", s.max);
  if (u.clip_norm > 0) text += str(", clipped to norm ", u.clip_norm);
  if (u.backbone_lr != 1) text += str(", backbone at ", u.backbone_lr, " of the rate");
  if (u.average_decay > 0) text += str(", averaged weights (EMA ", u.average_decay, ")");
  for (const std::string& name : u.freeze) text += (&name == &u.freeze.front() ? "; frozen: " : ", ") + printable(name);
  return text + "\n";
}

}  // namespace thorax

#include "apps/flags.h"

#include <algorithm>
#include <charconv>
#include <numeric>

#include "apps/toml.h"
#include "tensor/error.h"

namespace thorax {

namespace {

size_t edits(const std::string& a, const std::string& b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t corner = row[0]++;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = corner + (a[i - 1] == b[j - 1] ? 0 : 1);
      corner = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replace});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  size_t fewest = std::max<size_t>(2, word.size() / 3) + 1;
  for (const std::string& c : candidates) {
    // A word inside the other, cut at a dash, is nearer than letters say: --learning-rate and --lr aside, --output and --out.
    const bool inside = word.size() > 2 && c.size() > 2 && (word.find(c) != std::string::npos || c.find(word) != std::string::npos);
    const size_t distance = inside ? 1 : edits(word, c);
    if (distance < fewest) fewest = distance, best = c;
  }
  return best;
}

Flags::Flags(std::string verb, std::string usage, std::string summary, std::vector<Flag> flags, std::vector<std::string> examples, bool positional)
    : verb_(std::move(verb)), usage_(std::move(usage)), summary_(std::move(summary)), flags_(std::move(flags)), examples_(std::move(examples)),
      positional_(positional) {
  for (const Flag& f : flags_) values_[f.name] = f.value_name.empty() ? "false" : f.default_value;
}

const Flag& Flags::find(const std::string& name) const {
  const auto it = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& f) { return f.name == name; });
  if (it != flags_.end()) return *it;
  if (name == "learning-rate") throw Error(Fault::input, "no flag --learning-rate; did you mean --lr?");
  std::vector<std::string> names;
  for (const Flag& f : flags_) names.push_back(f.name);
  const std::string near = nearest(name, names);
  throw Error(Fault::input, str("no flag --", name, near.empty() ? "" : "; did you mean --" + near + "?"), str("thorax ", verb_, " --help lists them"));
}

void Flags::set(const std::string& name, const std::string& value) {
  values_[find(name).name] = value;
  given_[name] = true;
}

void Flags::parse(const std::vector<std::string>& arguments) {
  bool only_words = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string word = arguments[i];
    if (word == "--" && !only_words) {
      only_words = true;
      continue;
    }
    if (only_words || word.size() < 2 || word[0] != '-') {
      if (!positional_) throw Error(Fault::input, str("thorax ", verb_, ": \"", word, "\" is not expected here"), str("thorax ", verb_, " --help has examples"));
      positionals_.push_back(word);
      continue;
    }
    if (word == "-h" || word == "--help") {
      help_ = true;
      return;
    }
    if (word == "-o") word = "--out";
    if (word == "-q") word = "--quiet";
    if (word.substr(0, 2) != "--") throw Error(Fault::input, str("no flag ", word), "flags have long names, but for -h, -o and -q");
    const size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const bool is_switch = find(name).value_name.empty();
    if (equals != std::string::npos && !is_switch) {
      set(name, word.substr(equals + 1));
    } else if (is_switch && equals == std::string::npos) {
      set(name, "true");
    } else if (!is_switch && i + 1 < arguments.size()) {
      set(name, arguments[++i]);
    } else {
      throw Error(Fault::input, str("--", name, is_switch ? " takes no value" : " needs a value: " + find(name).value_name));
    }
  }
}

std::string Flags::help() const {
  std::string out = "thorax " + verb_ + ' ' + usage_ + "\n" + summary_ + "\n\nexamples\n";
  for (const std::string& e : examples_) out += "  " + e + '\n';
  out += "\nflags\n";
  for (const Flag& f : flags_) {
    std::string head = "  --" + f.name + (f.value_name.empty() ? "" : ' ' + f.value_name);
    head.resize(std::max<size_t>(head.size() + 1, 27), ' ');
    out += head + f.help;
    if (!f.default_value.empty()) out += " [" + f.default_value + ']';
    out += '\n';
  }
  return out;
}

const std::string& Flags::text(const std::string& name) const { return values_.at(find(name).name); }

int64_t Flags::integer(const std::string& name, int64_t low, int64_t high) const {
  const std::string& t = text(name);
  int64_t value = 0;
  const auto r = std::from_chars(t.data(), t.data() + t.size(), value);
  if (r.ec != std::errc() || r.ptr != t.data() + t.size() || value < low || value > high) {
    throw Error(Fault::input, str("--", name, " is \"", t, "\"; a whole number from ", low, " to ", high, " is expected"));
  }
  return value;
}

double Flags::number(const std::string& name, double low, double high) const {
  const std::string& t = text(name);
  double value = 0;
  const auto r = std::from_chars(t.data(), t.data() + t.size(), value);
  if (r.ec != std::errc() || r.ptr != t.data() + t.size() || !(value >= low && value <= high)) {
    throw Error(Fault::input, str("--", name, " is \"", t, "\"; a number from ", low, " to ", high, " is expected"));
  }
  return value;
}

std::vector<std::string> Flags::list(const std::string& name) const {
  std::vector<std::string> parts;
  std::string part;
  bool quoted = false;
  for (char c : text(name)) {
    if (c == '"') quoted = !quoted;
    else if (c == ',' && !quoted) parts.push_back(std::exchange(part, {}));
    else part += c;
  }
  if (!part.empty() || !parts.empty()) parts.push_back(part);
  return parts;
}

const std::string& Flags::choice(const std::string& name, const std::vector<std::string>& choices) const {
  const std::string& t = text(name);
  if (std::find(choices.begin(), choices.end(), t) != choices.end()) return t;
  std::string all;
  for (const std::string& c : choices) all += (all.empty() ? "" : ", ") + c;
  throw Error(Fault::input, str("--", name, " is \"", t, "\""), "it may be: " + all);
}

void Flags::merge_toml(const std::filesystem::path& file) {
  for (const auto& [key, value] : read_toml(file)) {
    const Flag& flag = find(key);
    if (value.is_boolean != flag.value_name.empty()) {
      throw Error(Fault::input, str(file.string(), ": line ", value.line, ": ", key, flag.value_name.empty() ? " is true or false" : " is not true or false"));
    }
    if (!given(key)) set(key, value.text);
  }
}

std::string Flags::to_toml(const std::vector<std::string>& without) const {
  std::string out;
  for (const Flag& f : flags_) {
    if (std::find(without.begin(), without.end(), f.name) != without.end()) continue;
    const std::string& value = values_.at(f.name);
    out += f.name + " = " + (f.value_name.empty() ? value : toml_string(value)) + '\n';
  }
  return out;
}

}  // namespace thorax

#include "apps/flags.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "apps/toml.h"
#include "tensor/error.h"

namespace thorax {

namespace {

// What other programs call it, where the letters are too far apart.
constexpr std::array<std::pair<const char*, const char*>, 6> other_names{{{"learning-rate", "lr"},
                                                                          {"arch", "model"},
                                                                          {"wd", "weight-decay"},
                                                                          {"jobs", "threads"},
                                                                          {"num-workers", "workers"},
                                                                          {"force", "overwrite"}}};

// The whole text as a number, or nothing.
template <class Number>
bool parsed(const std::string& text, Number& value) {
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  return result.ec == std::errc() && result.ptr == end;
}

// A number that TOML reads back as this very text; every other text has to stand in quotes.
bool is_plain_number(const std::string& text) {
  std::array<char, 64> again{};
  std::to_chars_result end{};
  int64_t whole = 0;
  double real = 0;
  if (parsed(text, whole)) {
    end = std::to_chars(again.data(), again.data() + again.size(), whole);
  } else if (parsed(text, real) && text.find('.') != std::string::npos) {
    end = std::to_chars(again.data(), again.data() + again.size(), real);
  } else {
    return false;
  }
  return std::string_view(again.data(), static_cast<size_t>(end.ptr - again.data())) == text;
}

}  // namespace

Flags::Flags(std::string verb, std::string usage, std::string summary, std::vector<Flag> flags, std::vector<std::string> examples,
             bool positional)
    : verb_(std::move(verb)),
      usage_(std::move(usage)),
      summary_(std::move(summary)),
      flags_(std::move(flags)),
      examples_(std::move(examples)),
      positional_(positional) {
  for (const Flag& f : flags_) values_[f.name] = f.value_name.empty() ? "false" : f.default_value;
}

const Flag* Flags::find(const std::string& name) const {
  const auto it = std::find_if(flags_.begin(), flags_.end(), [&](const Flag& f) { return f.name == name; });
  return it == flags_.end() ? nullptr : &*it;
}

std::string Flags::suggestion(const std::string& name) const {
  std::string word = name;
  std::replace(word.begin(), word.end(), '_', '-');
  for (const auto& [other, ours] : other_names) {
    if (word == other && find(ours) != nullptr) return ours;
  }
  std::vector<std::string> names;
  for (const Flag& f : flags_) names.push_back(f.name);
  names.insert(names.end(), {"help", "no-color"});
  return nearest(word, names);
}

const Flag& Flags::known(const std::string& name) const {
  if (const Flag* flag = find(name)) return *flag;
  const std::string near = suggestion(name);
  if (!near.empty()) throw Error(Fault::input, str("no flag --", name, "; did you mean --", near, "?"));
  throw Error(Fault::input, str("no flag --", name), str("thorax ", verb_, " --help lists them"));
}

void Flags::set(const std::string& name, const std::string& value) {
  values_[known(name).name] = value;
  given_.insert(name);
}

void Flags::set_switch(const std::string& name, const std::string& value) {
  if (value != "true" && value != "false") throw Error(Fault::input, str("--", name, " is a switch; it takes no value"));
  set(name, value);
}

void Flags::parse(const std::vector<std::string>& arguments) {
  arguments_ = arguments;
  bool only_words = false;
  for (size_t i = 0; i < arguments.size(); ++i) {
    std::string word = arguments[i];
    if (word == "--" && !only_words) {
      only_words = true;
      continue;
    }
    if (only_words || word.size() < 2 || word[0] != '-') {
      if (!positional_) {
        throw Error(Fault::input, str(verb_, ": \"", word, "\" is not expected here"),
                    str("thorax ", verb_, " --help has examples"));
      }
      positionals_.push_back(word);
      continue;
    }
    if (word == "-h" || word == "--help") {
      help_ = true;
      return;
    }
    if (word == "-o") word = "--out";
    if (word == "-q") word = "--quiet";
    if (word.substr(0, 2) != "--") {
      throw Error(Fault::input, str("no flag ", word), "flags have long names, but for -h, -o and -q");
    }
    const size_t equals = word.find('=');
    const std::string name = word.substr(2, equals == std::string::npos ? equals : equals - 2);
    const bool is_switch = known(name).value_name.empty();
    if (is_switch) {
      set_switch(name, equals == std::string::npos ? "true" : word.substr(equals + 1));
    } else if (equals != std::string::npos) {
      set(name, word.substr(equals + 1));
    } else if (i + 1 < arguments.size() && arguments[i + 1].substr(0, 2) != "--") {
      set(name, arguments[++i]);
    } else {
      throw Error(Fault::input, str("--", name, " needs a value: ", known(name).value_name),
                  i + 1 < arguments.size() ? str("--", name, "=VALUE takes one that begins with --") : "");
    }
  }
}

const std::string& Flags::text(const std::string& name) const {
  return values_.at(known(name).name);
}

int64_t Flags::integer(const std::string& name, int64_t low, int64_t high) const {
  int64_t value = 0;
  if (!parsed(text(name), value) || value < low || value > high) {
    throw Error(Fault::input,
                str("--", name, " is \"", text(name), "\"; a whole number from ", low, " to ", high, " is expected"));
  }
  return value;
}

double Flags::number(const std::string& name, double low, double high) const {
  double value = 0;
  if (!parsed(text(name), value) || !(value >= low && value <= high)) {
    throw Error(Fault::input, str("--", name, " is \"", text(name), "\"; a number from ", low, " to ", high, " is expected"));
  }
  return value;
}

std::vector<std::string> Flags::list(const std::string& name) const {
  const std::string& whole = text(name);
  std::vector<std::string> parts(1);
  bool quoted = false;
  for (const char c : whole) {
    if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  if (whole.empty()) return {};
  if (quoted) throw Error(Fault::input, str("--", name, " is ", whole, ": a quote is open"));
  if (std::find(parts.begin(), parts.end(), "") != parts.end()) {
    throw Error(Fault::input, str("--", name, " is \"", whole, "\": a name between commas is empty"));
  }
  return parts;
}

const std::string& Flags::choice(const std::string& name, const std::vector<std::string>& choices) const {
  const std::string& value = text(name);
  if (std::find(choices.begin(), choices.end(), value) != choices.end()) return value;
  throw Error(Fault::input, str("--", name, " is \"", value, "\"; one of ", joined(choices), " is expected"));
}

void Flags::merge_toml(const std::filesystem::path& file) {
  for (const auto& [key, value] : read_toml(file)) {
    const std::string where = str(file.string(), ": line ", value.line, ": ");
    const Flag* flag = find(key);
    if (flag == nullptr) {
      const std::string near = suggestion(key);
      throw Error(Fault::input, str(where, "no key \"", key, "\"", near.empty() ? "" : "; did you mean \"" + near + "\"?"),
                  "the keys are the flags without their dashes");
    }
    if (value.is_boolean != flag->value_name.empty()) {
      throw Error(Fault::input, str(where, key, flag->value_name.empty() ? " is true or false" : " is not true or false"));
    }
    if (!given(key)) set(key, value.text);
  }
}

std::string Flags::to_toml(const std::vector<std::string>& without) const {
  std::string out;
  for (const Flag& f : flags_) {
    if (std::find(without.begin(), without.end(), f.name) != without.end()) continue;
    const std::string& value = values_.at(f.name);
    out += f.name + " = " + (f.value_name.empty() || is_plain_number(value) ? value : toml_string(value)) + '\n';
  }
  return out;
}

}  // namespace thorax

// Command-line flags from one table per verb: parsing, --help, the TOML file under them, and errors that name the nearest flag.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace thorax {

struct Flag {
  // "-o", "-q", "-h"; empty: it has none.
  std::string letter() const;
  // What the value has to be, where its name lists that ("logit|probability"); else empty.
  std::vector<std::string> choices() const;

  std::string name;        // long, without the dashes
  std::string value_name;  // in the help; empty: a switch, which is "true" or "false"
  std::string help;
  std::string default_value;
};

class Flags {
 public:
  // usage: what follows "thorax VERB"; examples: whole command lines. positional: whether words without dashes are taken.
  Flags(std::string verb, std::string usage, std::string summary, std::vector<Flag> flags, std::vector<std::string> examples,
        bool positional);

  // arguments: behind the verb. --name VALUE and --name=VALUE; a switch is --name, --name=true or --name=false; the last one
  // counts;
  // "--" ends the flags. Throws Error(input) for an unknown flag (with the nearest name), a missing value, an unexpected word.
  void parse(const std::vector<std::string>& arguments);
  // As parsed.
  const std::vector<std::string>& arguments() const { return arguments_; }
  bool wants_help() const { return help_; }
  std::string help() const;  // at most 80 columns, but for examples
  // The same source, for shells and the manual.
  const std::vector<Flag>& flags() const { return flags_; }
  const std::string& usage() const { return usage_; }
  const std::string& summary() const { return summary_; }
  const std::vector<std::string>& examples() const { return examples_; }

  const std::string& text(const std::string& name) const;
  // Throw Error(input) that names the flag when the value is no number or outside [low, high].
  int64_t integer(const std::string& name, int64_t low, int64_t high) const;
  double number(const std::string& name, double low, double high) const;
  bool on(const std::string& name) const { return text(name) == "true"; }
  // On the command line or in a merged file.
  bool given(const std::string& name) const { return given_.count(name) != 0; }
  // Comma-separated; a part in double quotes may hold commas. Throws Error(input) for an empty part or an open quote.
  std::vector<std::string> list(const std::string& name) const;
  // Throws Error(input) unless the value is one of the choices.
  const std::string& choice(const std::string& name, const std::vector<std::string>& choices) const;
  const std::vector<std::string>& positionals() const { return positionals_; }

  // Replaces a value. Throws Error(input) for an unknown name.
  void set(const std::string& name, const std::string& value);
  // Values for flags that nobody gave before. Throws Error(input) with file and line for an unknown key (with the nearest name)
  // or a value of the wrong kind.
  void merge_toml(const std::filesystem::path& file);
  // Every value, given or default, as TOML; merge_toml() reads back the same text for each. Without the flags named.
  std::string to_toml(const std::vector<std::string>& without) const;

 private:
  const Flag* find(const std::string& name) const;        // nullptr: no such flag
  const Flag& known(const std::string& name) const;       // throws
  std::string suggestion(const std::string& name) const;  // the flag that was meant, or empty
  void set_switch(const std::string& name, const std::string& value);

  std::string verb_, usage_, summary_;
  std::vector<Flag> flags_;
  std::vector<std::string> examples_;
  bool positional_;
  bool help_ = false;
  std::map<std::string, std::string> values_;
  std::set<std::string> given_;
  std::vector<std::string> arguments_, positionals_;
};

// The candidate that a mistyped word most likely means (fewest insertions, deletions, replacements and swaps of neighbours, at
// most a third of its letters; else one that holds it or lies in it), or empty when none is near.
std::string nearest(const std::string& word, const std::vector<std::string>& candidates);

}  // namespace thorax

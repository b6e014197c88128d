#include "weights/name_match.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace thorax::weights {
namespace {

struct Rule {
  std::regex ours;  // on the model's name
  const char* theirs;
};

struct Style {
  const char* name;
  std::vector<Rule> rules;
};

const std::vector<Style>& styles() {
  static const std::vector<Style> table{
      {"torchvision", {}},  // and timm, torchxrayvision, LibAUC
      {"torchvision before 0.3", {{std::regex(R"((denselayer\d+\.(norm|conv))(\d)\.)"), "$1.$3."}}},
      {"MONAI", {{std::regex(R"((denselayer\d+)\.)"), "$1.layers."}, {std::regex(R"(^classifier\.)"), "class_layers.out."}}},
      // nn.Sequential(*resnet.children())
      {"children of a ResNet in a row",
       {{std::regex(R"(^conv1\.)"), "0."},
        {std::regex(R"(^bn1\.)"), "1."},
        {std::regex(R"(^layer1\.)"), "4."},
        {std::regex(R"(^layer2\.)"), "5."},
        {std::regex(R"(^layer3\.)"), "6."},
        {std::regex(R"(^layer4\.)"), "7."}}},
  };
  return table;
}

std::string spelled(std::string name, const Style& style) {
  for (const Rule& rule : style.rules) {
    std::string changed = std::regex_replace(name, rule.ours, rule.theirs);
    if (changed != name) return changed;
  }
  return name;
}

struct Candidate {
  size_t style;
  std::string_view prefix;
  size_t matched = 0;
};

}  // namespace

NameMatch match_names(const std::vector<std::string>& names, const std::vector<WeightTensor>& tensors) {
  // Which styles spell a name of the model in this way.
  std::unordered_map<std::string, std::vector<size_t>> spellings;
  size_t longest = 0;
  for (size_t s = 0; s < styles().size(); ++s) {
    for (const std::string& name : names) {
      const std::string theirs = spelled(name, styles()[s]);
      longest = std::max(longest, theirs.size());
      spellings[theirs].push_back(s);
    }
  }
  std::vector<Candidate> candidates;
  std::map<std::pair<size_t, std::string_view>, size_t> index;
  std::unordered_map<std::string_view, const WeightTensor*> by_name;
  for (const WeightTensor& t : tensors) {
    by_name.emplace(t.name, &t);
    const std::string_view name = t.name;
    for (size_t at = name.size() > longest ? name.size() - longest : 0; at < name.size(); ++at) {
      if (at > 0 && name[at - 1] != '.') continue;
      const auto known = spellings.find(std::string(name.substr(at)));
      if (known == spellings.end()) continue;
      for (const size_t s : known->second) {
        const auto [it, fresh] = index.emplace(std::pair(s, name.substr(0, at)), candidates.size());
        if (fresh) candidates.push_back({s, name.substr(0, at)});
        ++candidates[it->second].matched;
      }
    }
  }
  NameMatch match;
  match.found.assign(names.size(), nullptr);
  std::set<const WeightTensor*> used;
  const auto best = std::max_element(candidates.begin(), candidates.end(),
                                     [](const Candidate& a, const Candidate& b) { return a.matched < b.matched; });
  if (best != candidates.end()) {
    match.style = styles()[best->style].name;
    match.prefix = best->prefix;
    for (size_t i = 0; i < names.size(); ++i) {
      const auto it = by_name.find(match.prefix + spelled(names[i], styles()[best->style]));
      if (it == by_name.end()) continue;
      match.found[i] = it->second;
      used.insert(it->second);
      ++match.matched;
    }
  }
  for (const WeightTensor& t : tensors) {
    if (used.count(&t) == 0) match.unused.push_back(&t);
  }
  return match;
}

}  // namespace thorax::weights

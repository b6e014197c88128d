#include "apps/data_flags.h"

namespace thorax {

namespace {

const std::vector<Flag> table_flags{
    {"root", "DIR", "where relative image paths begin, if not beside the table", ""},
    {"labels", "A,B,...", "classes; else all of a known data set, or all columns of 0, 1, -1 and empty", ""},
    {"image-column", "NAME", "if not image, file, path, Path, Image Index or image_id", ""},
    {"patient-column", "NAME", "if not patient", ""},
    {"split-column", "NAME", "if not split", ""},
    {"split-file", "FILE", "the splits that thorax split wrote", ""},
    {"uncertain", "WHAT", "a label of -1: ignore, zeros, ones or smoothed", "ignore"},
    {"empty", "WHAT", "an empty label: ignore, zeros or usual (zeros in CheXpert and MIMIC-CXR)", "usual"},
    {"readers", "WHAT", "several readers of an image: majority or any", "majority"},
    {"frontal", "", "leave out lateral views", ""},
};

}  // namespace

std::vector<Flag> with_data_flags(std::vector<Flag> first, const std::vector<Flag>& rest) {
  first.insert(first.end(), table_flags.begin(), table_flags.end());
  first.insert(first.end(), rest.begin(), rest.end());
  return first;
}

std::vector<std::string> data_flag_names() {
  std::vector<std::string> names{"data"};
  for (const Flag& flag : table_flags) names.push_back(flag.name);
  return names;
}

data::ManifestOptions manifest_options(const Flags& flags, const std::filesystem::path& table) {
  using data::Uncertain;
  data::ManifestOptions o;
  o.table = table;
  o.root = flags.text("root");
  o.labels = flags.list("labels");
  o.image_column = flags.text("image-column");
  o.patient_column = flags.text("patient-column");
  o.split_column = flags.text("split-column");
  o.split_file = flags.text("split-file");
  const std::string& uncertain = flags.choice("uncertain", {"ignore", "zeros", "ones", "smoothed"});
  o.uncertain = uncertain == "ignore"  ? Uncertain::ignore
                : uncertain == "zeros" ? Uncertain::zeros
                : uncertain == "ones"  ? Uncertain::ones
                                       : Uncertain::smoothed;
  const std::string& empty = flags.choice("empty", {"usual", "ignore", "zeros"});
  o.empty = empty == "usual" ? data::Empty::usual : empty == "ignore" ? data::Empty::ignore : data::Empty::zeros;
  o.readers = flags.choice("readers", {"majority", "any"}) == "any" ? data::Readers::any : data::Readers::majority;
  o.frontal = flags.on("frontal");
  return o;
}

data::Recipe recipe_of(const Flags& flags) {
  data::Recipe recipe;
  recipe.size = flags.integer("size", 32, 4096);
  recipe.fit = flags.choice("fit", {"stretch", "pad"}) == "pad" ? Fit::pad : Fit::stretch;
  recipe.equalize = !flags.on("no-equalize");
  return recipe;
}

}  // namespace thorax

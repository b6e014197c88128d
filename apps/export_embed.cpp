#include "apps/export_embed.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <memory>

#include "apps/fold_weights.h"
#include "apps/thx_file.h"
#include "embed/format.h"
#include "embed/isa.h"
#include "embed/session.h"
#include "tensor/buffer.h"
#include "tensor/error.h"

namespace thorax {

namespace {

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}
void append_floats(std::string& bytes, const std::vector<float>& values) {
  bytes.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float));
}
void append_text(std::string& bytes, const std::string& text) {
  append(bytes, static_cast<uint32_t>(text.size()));
  bytes += text;
  bytes += '\0';
}

std::vector<size_t> order_of(const ModelDescription& first, const ModelDescription& d) {
  std::vector<size_t> order;
  for (const std::string& name : first.classes) {
    const auto at = std::find(d.classes.begin(), d.classes.end(), name);
    if (at == d.classes.end() || d.classes.size() != first.classes.size())
      throw Error(Fault::input, "export: the members of an ensemble have other classes than the first");
    order.push_back(static_cast<size_t>(at - d.classes.begin()));
  }
  if (data::to_metadata(d.recipe) != data::to_metadata(first.recipe))
    throw Error(Fault::input, "export: the members of an ensemble preprocess images in other ways than the first");
  return order;
}

void append_member(std::vector<std::string>& sections, const ModelDescription& first, const EmbedMember& m) {
  const embed::Architecture* a = embed::find_architecture(m.description->model.c_str());
  const auto table = std::make_unique<embed::Table>();
  embed::build_table(*a, static_cast<int>(first.classes.size()), table.get());
  const FoldedWeights folded = fold_weights(*a, *table, *m.store, order_of(first, *m.description));
  std::string graph;
  append(graph, embed::GraphHeader{a->id, static_cast<uint32_t>(first.classes.size()), static_cast<uint32_t>(table->count), 0});
  graph.append(reinterpret_cast<const char*>(table->layers), static_cast<size_t>(table->count) * sizeof(embed::Layer));
  sections.push_back(graph);
  for (const auto* values : {&folded.weights, &folded.bias, &folded.clamp}) append_floats(sections.emplace_back(), *values);
}

std::string recipe_section(const data::Recipe& r) {
  std::string bytes;
  append(bytes,
         embed::RecipeRecord{static_cast<uint32_t>(r.size), r.fit == Fit::pad ? 1U : 0U, r.equalize ? 1U : 0U, r.mean, r.std, 0});
  return bytes;
}

// A text as the file may hold it; values may have several lines.
void append_plain(std::string& bytes, const std::string& text, bool is_value) {
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (code == 0x7f || (code < 0x20 && !(is_value && (c == '\n' || c == '\t'))))
      throw Error(Fault::input, "export: a class or an entry of the metadata holds a control character: " + text);
  }
  append_text(bytes, text);
}

std::string classes_section(const std::vector<std::string>& classes) {
  std::string bytes;
  append(bytes, static_cast<uint32_t>(classes.size()));
  for (const std::string& name : classes) append_plain(bytes, name, false);
  return bytes;
}

// A mean of several models has no cut-offs: the members' are for one model each.
std::string thresholds_section(const ModelDescription& d, bool has_own_cutoffs) {
  std::string bytes;
  for (const std::optional<float>& cutoff : d.cutoffs) {
    const bool has = has_own_cutoffs && cutoff.has_value();
    append(bytes, embed::ThresholdRecord{1, 0, has ? *cutoff : 0.0F, has ? 1U : 0U});
  }
  return bytes;
}

std::string metadata_section(const std::vector<EmbedMember>& members) {
  std::map<std::string, std::string> entries;
  std::string name;
  for (size_t m = 0; m < members.size(); ++m) {
    name += (m > 0 ? ", " : "") + members[m].description->model;
    for (const auto& [key, value] : to_metadata(*members[m].description))
      entries[m == 0 ? key : str("member", m + 1, ".", key)] = value;
  }
  entries["name"] = members.size() == 1 ? name : "mean of " + name;
  entries["exporter"] = "thorax " THORAX_VERSION;
  std::string bytes;
  append(bytes, static_cast<uint32_t>(entries.size()));
  for (const auto& [key, value] : entries) {
    append_plain(bytes, key, false);
    append_plain(bytes, value, true);
  }
  return bytes;
}

constexpr uint32_t known_answers = 2;

// logits: [answers][members][classes], or empty: zeros.
std::string vectors_section(const data::Recipe& r, size_t classes, size_t members, const std::vector<float>& logits) {
  std::string bytes;
  append(bytes, embed::VectorsHeader{known_answers, static_cast<uint32_t>(std::min<int64_t>(64, r.size)),
                                     static_cast<uint32_t>(classes), 0});
  const size_t each = members * classes;
  for (uint64_t seed = 1; seed <= known_answers; ++seed) {
    append(bytes, seed);
    const auto from = logits.begin() + static_cast<std::ptrdiff_t>((seed - 1) * each);
    append_floats(bytes,
                  logits.empty() ? std::vector<float>(each) : std::vector<float>(from, from + static_cast<std::ptrdiff_t>(each)));
  }
  return bytes;
}

void require(thorax_status status, const thorax_error& error) {
  if (status != THORAX_OK) throw Error(Fault::defect, str("export: libthorax refuses what was written: ", error.text));
}

// What the portable kernels, which are the specification, answer to the images of the vectors.
std::vector<float> answers_of(const std::string& file) {
  const Buffer aligned(file.size());
  std::memcpy(aligned.data(), file.data(), file.size());
  thorax_error error{};
  error.size = sizeof error;
  thorax_model* opened = nullptr;
  require(thorax_open_memory(aligned.data(), file.size(), nullptr, &opened, &error), error);
  const std::unique_ptr<thorax_model, void (*)(thorax_model*)> model(opened, thorax_close);
  thorax_options options{};
  options.size = sizeof options;
  options.isa_limit = THORAX_ISA_PORTABLE;
  options.flags = THORAX_NO_SELFTEST;
  thorax_session* made = nullptr;
  require(thorax_session_create(opened, &options, nullptr, 0, &made, &error), error);
  const std::unique_ptr<thorax_session, void (*)(thorax_session*)> session(made, thorax_session_destroy);
  const embed::StandardArithmetic arithmetic;
  std::vector<float> logits;
  for (uint64_t seed = 1; seed <= known_answers; ++seed) {
    for (uint32_t m = 0; m < opened->file.members; ++m) {
      embed::run_vector(made, seed, m, {});
      logits.insert(logits.end(), made->result.logits, made->result.logits + opened->file.classes);
    }
  }
  for (const float logit : logits)
    if (!std::isfinite(logit)) throw Error(Fault::input, "export: the model's answer to a known image is no finite number");
  return logits;
}

void check(const std::vector<EmbedMember>& members) {
  if (members.size() > embed::max_members)
    throw Error(Fault::input, str("export: an ensemble of at most ", embed::max_members, " models is expected"));
  const ModelDescription& first = *members[0].description;
  if (first.classes.size() > embed::max_classes)
    throw Error(Fault::input, str("export: libthorax takes at most ", embed::max_classes, " classes"));
  const auto map_side = [&](const EmbedMember& m) {
    const embed::Architecture* a = embed::find_architecture(m.description->model.c_str());
    if (a == nullptr) throw Error(Fault::input, "export: libthorax does not know " + m.description->model);
    return embed::map_size(*a, static_cast<int>(first.recipe.size));
  };
  for (const EmbedMember& m : members) {
    if (map_side(m) == map_side(members[0])) continue;
    throw Error(Fault::input,
                str("export: at ", first.recipe.size, " pixels the last maps of ", first.model, " and ", m.description->model,
                    " have different sizes"),
                "a multiple of 32 suits every model");
  }
}

}  // namespace

std::string models_as_thx(const std::vector<EmbedMember>& members) {
  check(members);
  const ModelDescription& first = *members[0].description;
  std::vector<std::string> sections;
  for (const EmbedMember& m : members) append_member(sections, first, m);
  sections.push_back(recipe_section(first.recipe));
  sections.push_back(classes_section(first.classes));
  sections.push_back(thresholds_section(first, members.size() == 1));
  sections.push_back(metadata_section(members));
  sections.push_back(vectors_section(first.recipe, first.classes.size(), members.size(), {}));
  const std::vector<float> answers = answers_of(thx_file(sections));
  sections.back() = vectors_section(first.recipe, first.classes.size(), members.size(), answers);
  return thx_file(sections);
}

}  // namespace thorax

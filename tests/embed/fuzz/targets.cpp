#include "tests/embed/fuzz/targets.h"

#include <cstdlib>
#include <memory>

#include "apps/thx_file.h"
#include "embed/thorax.h"
#include "tests/embed/thx_bytes.h"

namespace thorax::test {

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

template <class T>
T sized() {
  T t{};
  t.size = sizeof t;
  return t;
}

// Aligned to 64, and ending where the bytes end, so that a sanitizer sees what is read behind them.
using Aligned = std::unique_ptr<void, void (*)(void*)>;
Aligned aligned(const uint8_t* bytes, size_t count) {
  void* memory = nullptr;
  require(posix_memalign(&memory, 64, count == 0 ? 1 : count) == 0);
  if (count > 0) std::memcpy(memory, bytes, count);
  return {memory, std::free};
}

thorax_status verify(const void* bytes, size_t count, thorax_error& error) {
  error = sized<thorax_error>();
  const thorax_status status = thorax_verify(bytes, count, &error);
  require(std::memchr(error.text, 0, sizeof error.text) != nullptr);
  require(error.code == status && (error.text[0] != 0) == (status != THORAX_OK));
  return status;
}

void ask(const thorax_model* model, size_t count) {
  thorax_info info = sized<thorax_info>();
  require(thorax_describe(model, &info) == THORAX_OK);
  require(info.classes >= 1 && info.members >= 1 && info.input_size >= 32 && info.map_size >= 1);
  size_t text = std::strlen(info.architecture) + (info.name == nullptr ? 0 : std::strlen(info.name));
  for (int k = 0; k < info.classes; ++k) {
    float threshold = 0;
    text += std::strlen(thorax_class_name(model, k));
    const thorax_status status = thorax_threshold(model, k, &threshold);
    require(status == THORAX_OK || status == THORAX_UNSUPPORTED);
  }
  require(text < count && thorax_class_name(model, info.classes) == nullptr);
  const char* value = thorax_metadata(model, "key");
  require(value == nullptr || std::strlen(value) < count);
  for (const int threads : {1, 64}) {
    thorax_options options = sized<thorax_options>();
    options.threads = threads;
    size_t bytes = 0, align = 0;
    require(thorax_session_size(model, &options, &bytes, &align, nullptr) == THORAX_OK && bytes > 65536);
  }
}

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void append_texts(std::string& bytes, const std::vector<std::string>& texts) {
  for (const std::string& text : texts) {
    append(bytes, static_cast<uint32_t>(text.size()));
    bytes += text + '\0';
  }
}

void append_member(std::vector<std::string>& sections, uint32_t classes, bool dense) {
  const embed::Architecture* a = embed::find_architecture(dense ? 241U : 242U);
  const auto table = std::make_unique<embed::Table>();
  embed::build_table(*a, static_cast<int>(classes), table.get());
  std::string& graph = sections.emplace_back();
  append(graph, embed::GraphHeader{a->id, classes, static_cast<uint32_t>(table->count), 0});
  for (int i = 0; i < table->count; ++i) append(graph, table->layers[i]);
  for (const uint64_t floats : {table->weights, uint64_t{table->bias}, uint64_t{table->clamp}})
    sections.emplace_back(4 * floats, '\0');
}

}  // namespace

void check_verify(const uint8_t* bytes, size_t count) {
  thorax_error error;
  const Aligned as_they_are = aligned(bytes, count);
  verify(as_they_are.get(), count, error);
  if (count < sizeof(embed::Header)) return;
  embed::Header header;
  std::memcpy(&header, bytes, sizeof header);
  if (header.sections > (count - sizeof header) / sizeof(embed::Section)) return;
  const std::string right = repaired(std::string(reinterpret_cast<const char*>(bytes), count));
  const Aligned with_right = aligned(reinterpret_cast<const uint8_t*>(right.data()), count);
  require(verify(with_right.get(), count, error) != THORAX_BAD_CHECKSUM || error.offset >= sizeof header);
}

void check_open(const uint8_t* bytes, size_t count) {
  const Aligned memory = aligned(bytes, count);
  thorax_error verified, error = sized<thorax_error>();
  thorax_model* model = nullptr;
  const thorax_status status = thorax_open_memory(memory.get(), count, nullptr, &model, &error);
  require(status == verify(memory.get(), count, verified) && (model != nullptr) == (status == THORAX_OK));
  require(error.offset == verified.offset && std::strcmp(error.text, verified.text) == 0);
  if (status != THORAX_OK) return;
  ask(model, count);
  thorax_close(model);
  const std::string file(reinterpret_cast<const char*>(bytes), count);
  const auto sections = sections_of(file);
  require(sections && thx_file(*sections) == file);
}

std::string seed_file(uint32_t members, bool dense) {
  const uint32_t classes = 2;
  std::vector<std::string> sections;
  for (uint32_t m = 0; m < members; ++m) append_member(sections, classes, dense);
  append(sections.emplace_back(), embed::RecipeRecord{32, 0, 1, 0.5F, 0.25F, 0});
  append(sections.emplace_back(), classes);
  append_texts(sections.back(), {"A", "Zwölf"});
  sections.emplace_back();
  for (uint32_t k = 0; k < classes; ++k) append(sections.back(), embed::ThresholdRecord{1, 0, 0.5F, k});
  append(sections.emplace_back(), uint32_t{2});
  append_texts(sections.back(), {"key", "value\n", "name", "n"});
  append(sections.emplace_back(), embed::VectorsHeader{1, 32, classes, 0});
  append(sections.back(), uint64_t{1});
  sections.back().append(size_t{4} * members * classes, '\0');
  return thx_file(sections);
}

std::optional<std::vector<std::string>> sections_of(const std::string& bytes) {
  embed::Header h;
  if (bytes.size() < sizeof h) return std::nullopt;
  std::memcpy(&h, bytes.data(), sizeof h);
  const uint32_t others = h.sections - embed::shared_sections;
  if (h.sections > (bytes.size() - sizeof h) / sizeof(embed::Section) || h.sections < embed::shared_sections ||
      others % embed::member_sections != 0 || others == 0)
    return std::nullopt;
  std::vector<std::string> sections;
  for (uint32_t k = 0; k < h.sections; ++k) {
    const embed::Section s = section_of(bytes, k);
    if (s.offset > bytes.size() || s.length > bytes.size() - s.offset) return std::nullopt;
    sections.push_back(bytes.substr(s.offset, s.length));
  }
  return sections;
}

}  // namespace thorax::test

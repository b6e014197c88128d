#include "embed/reader.h"

#include <cfloat>

#include "embed/checksum.h"

namespace thorax::embed {

namespace {

struct Reader {
  const uint8_t* bytes;
  size_t count;
  thorax_error* error;
  uint32_t members;
  uint32_t classes;
  const Architecture* architecture[max_members];

  thorax_status refuse(thorax_status code, const char* text, uint64_t offset) const { return fail(error, code, text, offset); }
  Section section(uint32_t k) const {
    Section s;
    memcpy(&s, bytes + sizeof(Header) + k * sizeof(Section), sizeof s);
    return s;
  }
};

thorax_status check_header(Reader& r) {
  if (r.count < sizeof(Header)) return r.refuse(THORAX_BAD_FILE, "shorter than a header", r.count);
  Header h;
  memcpy(&h, r.bytes, sizeof h);
  if (memcmp(h.magic, magic, sizeof magic) != 0) return r.refuse(THORAX_BAD_FILE, "not a .thx file, or changed as text", 0);
  if (h.endian != endian_tag) return r.refuse(THORAX_BAD_VERSION, "of the other byte order", 12);
  if (h.version != format_version) return r.refuse(THORAX_BAD_VERSION, "a version of the format that is not known here", 8);
  if (h.file_size != r.count) return r.refuse(THORAX_BAD_FILE, "truncated, or something was appended", r.count);
  if (h.sections < member_sections + shared_sections || (h.sections - shared_sections) % member_sections != 0 ||
      (h.sections - shared_sections) / member_sections > max_members)
    return r.refuse(THORAX_BAD_FILE, "an impossible number of sections", 24);
  const size_t table_end = sizeof(Header) + h.sections * sizeof(Section);
  if (table_end > r.count) return r.refuse(THORAX_BAD_FILE, "truncated in the table of sections", r.count);
  const uint32_t stored = h.crc;
  h.crc = 0;
  if (crc32c(r.bytes + sizeof h, table_end - sizeof h, crc32c(&h, sizeof h)) != stored)
    return r.refuse(THORAX_BAD_CHECKSUM, "header or table of sections is damaged", 28);
  for (const uint8_t byte : h.reserved)
    if (byte != 0) return r.refuse(THORAX_BAD_FILE, "reserved bytes of the header are not zero", 32);
  r.members = (h.sections - shared_sections) / member_sections;
  return THORAX_OK;
}

// Places, alignment, zeros between, hashes.
thorax_status check_sections(const Reader& r) {
  const uint32_t sections = r.members * member_sections + shared_sections;
  uint64_t end = sizeof(Header) + sections * sizeof(Section);
  for (uint32_t k = 0; k < sections; ++k) {
    const Section s = r.section(k);
    const uint64_t at = sizeof(Header) + k * sizeof(Section);
    const SectionType type = section_type(k, r.members);
    if (s.type != static_cast<uint32_t>(type) || s.member != section_member(k, r.members) || s.reserved != 0 ||
        s.alignment != alignment_of(type))
      return r.refuse(THORAX_BAD_FILE, "another section than the format has here", at);
    if (s.offset != aligned_up(end, s.alignment) || s.offset > r.count || s.length > r.count - s.offset)
      return r.refuse(THORAX_BAD_FILE, "a section lies where it may not", at);
    for (uint64_t i = end; i < s.offset; ++i)
      if (r.bytes[i] != 0) return r.refuse(THORAX_BAD_CHECKSUM, "bytes between sections are not zero", i);
    uint8_t digest[32];
    sha256(r.bytes + s.offset, static_cast<size_t>(s.length), digest);
    if (memcmp(digest, s.sha256, sizeof digest) != 0) return r.refuse(THORAX_BAD_CHECKSUM, "a section is damaged", s.offset);
    end = s.offset + s.length;
  }
  if (end != r.count) return r.refuse(THORAX_BAD_FILE, "bytes behind the last section", end);
  return THORAX_OK;
}

// Neither infinite nor NaN, nor a negative zero, which minimum and maximum treat differently on different processors.
bool all_plain(const uint8_t* at, uint64_t count) {
  uint32_t bad = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t bits;
    memcpy(&bits, at + 4 * i, 4);
    bad |= static_cast<uint32_t>((bits & 0x7f800000U) == 0x7f800000U) | static_cast<uint32_t>(bits == 0x80000000U);
  }
  return bad == 0;
}

bool outputs_are_padded_with_zeros(const uint8_t* weights, const Layer& layer) {
  const uint64_t taps = static_cast<uint64_t>(layer.in) * layer.kernel * layer.kernel;
  for (uint32_t o = layer.out; o < padded(layer.out); ++o) {
    for (uint64_t t = 0; t < taps; ++t) {
      uint32_t bits;
      memcpy(&bits, weights + 4 * (layer.weights + (o / lanes * taps + t) * lanes + o % lanes), 4);
      if (bits != 0) return false;
    }
  }
  return true;
}

bool clamps_are_in_order(const uint8_t* clamp, const Layer& layer) {
  for (uint32_t c = 0; c < layer.in; ++c) {
    float low, high;
    memcpy(&low, clamp + 4 * (layer.clamp + c), 4);
    memcpy(&high, clamp + 4 * (layer.clamp + layer.in + c), 4);
    if (!(low <= high)) return false;
  }
  return true;
}

thorax_status check_member(Reader& r, uint32_t m, Table* table, File* out) {
  const Section graph = r.section(m * member_sections);
  const Section weights = r.section(m * member_sections + 1);
  const Section bias = r.section(m * member_sections + 2);
  const Section clamp = r.section(m * member_sections + 3);
  GraphHeader g;
  if (graph.length < sizeof g) return r.refuse(THORAX_BAD_FILE, "a graph without a header", graph.offset);
  memcpy(&g, r.bytes + graph.offset, sizeof g);
  const Architecture* a = find_architecture(g.architecture);
  if (a == nullptr) return r.refuse(THORAX_UNSUPPORTED, "an architecture that is not known here", graph.offset);
  if (g.classes < 1 || g.classes > max_classes || g.reserved != 0 || (m > 0 && g.classes != r.classes))
    return r.refuse(THORAX_BAD_FILE, "an impossible number of classes", graph.offset + 4);
  r.classes = g.classes;
  r.architecture[m] = a;
  build_table(*a, static_cast<int>(g.classes), table);
  const auto layers = static_cast<uint32_t>(table->count);
  if (g.layers != layers || graph.length != sizeof g + layers * sizeof(Layer) ||
      memcmp(r.bytes + graph.offset + sizeof g, table->layers, layers * sizeof(Layer)) != 0)
    return r.refuse(THORAX_BAD_FILE, "the layers are not those of the architecture", graph.offset);
  if (weights.length != 4 * table->weights || bias.length != uint64_t{4} * table->bias ||
      clamp.length != uint64_t{4} * table->clamp)
    return r.refuse(THORAX_BAD_FILE, "weights of another length than the layers'", weights.offset);
  const Section numbers[] = {weights, bias, clamp};
  for (const Section& s : numbers)
    if (!all_plain(r.bytes + s.offset, s.length / 4)) return r.refuse(THORAX_BAD_FILE, "a weight is no finite number", s.offset);
  for (uint32_t i = 0; i < layers; ++i) {
    const Layer& layer = table->layers[i];
    if (!outputs_are_padded_with_zeros(r.bytes + weights.offset, layer))
      return r.refuse(THORAX_BAD_FILE, "padding of weights is not zero", weights.offset);
    if (layer.prologue != Prologue::none && !clamps_are_in_order(r.bytes + clamp.offset, layer))
      return r.refuse(THORAX_BAD_FILE, "a clamp's ends are in the wrong order", clamp.offset);
  }
  if (out == nullptr) return THORAX_OK;
  Member& member = out->member[m];
  member.architecture = a;
  member.weights = reinterpret_cast<const float*>(r.bytes + weights.offset);
  member.bias = reinterpret_cast<const float*>(r.bytes + bias.offset);
  member.clamp = reinterpret_cast<const float*>(r.bytes + clamp.offset);
  member.table = *table;
  return THORAX_OK;
}

bool is_number(float x) {
  return x >= -FLT_MAX && x <= FLT_MAX;
}

// count texts from the section's start + 4 to its very end.
bool texts_are_whole(const uint8_t* at, uint64_t length, uint32_t count, bool pairs) {
  uint64_t from = 4;
  for (uint32_t i = 0; i < count; ++i) {
    if (length - from < 5) return false;
    uint32_t bytes;
    memcpy(&bytes, at + from, 4);
    from += 4;
    if (bytes >= length - from) return false;
    for (uint32_t k = 0; k < bytes; ++k) {
      const uint8_t c = at[from + k];
      const bool value = pairs && i % 2 == 1;
      if (c == 0x7f || (c < 0x20 && !(value && (c == '\n' || c == '\t')))) return false;
    }
    from += bytes;
    if (at[from++] != 0) return false;
  }
  return from == length;
}

thorax_status check_recipe(const Reader& r, const Section& s, RecipeRecord* recipe) {
  if (s.length != sizeof *recipe) return r.refuse(THORAX_BAD_FILE, "preprocessing of another length", s.offset);
  memcpy(recipe, r.bytes + s.offset, sizeof *recipe);
  if (recipe->size < min_input || recipe->size > max_input || recipe->pad > 1 || recipe->equalize > 1 || recipe->reserved != 0 ||
      !is_number(recipe->mean) || !(recipe->std >= 1e-6F && recipe->std <= 1e6F))
    return r.refuse(THORAX_BAD_FILE, "preprocessing that cannot be", s.offset);
  const auto size = static_cast<int>(recipe->size);
  for (uint32_t m = 1; m < r.members; ++m)
    if (map_size(*r.architecture[m], size) != map_size(*r.architecture[0], size))
      return r.refuse(THORAX_BAD_FILE, "the members' class maps have different sizes", s.offset);
  return THORAX_OK;
}

thorax_status check_thresholds(const Reader& r, const Section& s) {
  if (s.length != r.classes * sizeof(ThresholdRecord)) return r.refuse(THORAX_BAD_FILE, "not one threshold per class", s.offset);
  for (uint32_t k = 0; k < r.classes; ++k) {
    ThresholdRecord t;
    memcpy(&t, r.bytes + s.offset + k * sizeof t, sizeof t);
    const bool calibrated = t.slope > 0 && t.slope <= 1e6 && t.offset >= -1e6 && t.offset <= 1e6;
    if (t.flags > 3 || !calibrated || !(t.threshold >= -FLT_MAX))  // infinite: nothing is positive
      return r.refuse(THORAX_BAD_FILE, "a threshold or calibration that cannot be", s.offset + k * sizeof t);
  }
  return THORAX_OK;
}

thorax_status check_vectors(const Reader& r, const Section& s, const RecipeRecord& recipe, VectorsHeader* v) {
  if (s.length < sizeof *v) return r.refuse(THORAX_BAD_FILE, "known answers without a header", s.offset);
  memcpy(v, r.bytes + s.offset, sizeof *v);
  if (v->count < 1 || v->count > 4 || v->size < min_input || v->size > recipe.size || v->classes != r.classes || v->max_ulp > 64)
    return r.refuse(THORAX_BAD_FILE, "known answers that cannot be", s.offset);
  if (s.length != sizeof *v + v->count * (8 + uint64_t{4} * r.members * r.classes))
    return r.refuse(THORAX_BAD_FILE, "known answers of another length", s.offset);
  return THORAX_OK;
}

thorax_status check_shared(const Reader& r, File* out) {
  const uint32_t first = r.members * member_sections;
  const Section classes = r.section(first + 1);
  const Section metadata = r.section(first + 3);
  RecipeRecord recipe;
  VectorsHeader vectors;
  thorax_status status = check_recipe(r, r.section(first), &recipe);
  if (status == THORAX_OK) status = check_thresholds(r, r.section(first + 2));
  if (status == THORAX_OK) status = check_vectors(r, r.section(first + 4), recipe, &vectors);
  if (status != THORAX_OK) return status;
  uint32_t names = 0, entries = 0;
  if (classes.length >= 4) memcpy(&names, r.bytes + classes.offset, 4);
  if (classes.length < 4 || names != r.classes || !texts_are_whole(r.bytes + classes.offset, classes.length, names, false))
    return r.refuse(THORAX_BAD_FILE, "the classes' names are not whole", classes.offset);
  if (metadata.length >= 4) memcpy(&entries, r.bytes + metadata.offset, 4);
  if (metadata.length < 4 || entries > 1000 || !texts_are_whole(r.bytes + metadata.offset, metadata.length, 2 * entries, true))
    return r.refuse(THORAX_BAD_FILE, "the metadata are not whole", metadata.offset);
  if (out == nullptr) return THORAX_OK;
  out->members = r.members;
  out->classes = r.classes;
  out->recipe = recipe;
  out->thresholds = reinterpret_cast<const ThresholdRecord*>(r.bytes + r.section(first + 2).offset);
  out->class_texts = r.bytes + classes.offset + 4;
  out->metadata = r.bytes + metadata.offset + 4;
  out->metadata_count = entries;
  out->vectors = vectors;
  out->vector_records = r.bytes + r.section(first + 4).offset + sizeof vectors;
  return THORAX_OK;
}

}  // namespace

thorax_status read_file(const void* bytes, size_t count, Table* table, File* out, thorax_error* error) {
  Reader r = {static_cast<const uint8_t*>(bytes), count, error, 0, 0, {}};
  thorax_status status = check_header(r);
  if (status == THORAX_OK) status = check_sections(r);
  for (uint32_t m = 0; status == THORAX_OK && m < r.members; ++m) status = check_member(r, m, table, out);
  if (status == THORAX_OK) status = check_shared(r, out);
  // The table holds the hash of every section: the hash of what stands before the sections stands for all.
  if (status == THORAX_OK && out != nullptr)
    sha256(bytes, sizeof(Header) + (r.members * member_sections + shared_sections) * sizeof(Section), out->sha256);
  return status;
}

const char* text_at(const uint8_t* texts, uint32_t i) {
  for (; i > 0; --i) {
    uint32_t bytes;
    memcpy(&bytes, texts, 4);
    texts += 4 + bytes + 1;
  }
  return reinterpret_cast<const char*>(texts + 4);
}

}  // namespace thorax::embed

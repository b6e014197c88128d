#include "embed/session.h"

#include <unistd.h>
#include <ctime>
#include <new>

#include "embed/bf16_conv.h"
#include "embed/numbers.h"
#include "embed/winograd.h"

using namespace thorax::embed;

namespace {

constexpr size_t page = 4096;

// Hands out pieces of a block; with a NULL block it only counts.
struct Cutter {
  unsigned char* block;
  size_t at;

  template <class T>
  T* take(size_t count, size_t align = 64) {
    at = static_cast<size_t>(aligned_up(at, align));
    unsigned char* piece = block == nullptr ? nullptr : block + at;
    at += count * sizeof(T);
    return reinterpret_cast<T*>(piece);
  }
};

struct Plan {
  thorax_options options;
  thorax_host host;
  const Kernels* kernels;
  const Bf16Kernels* bf16;  // NULL: fp32
  Layout layout;
  size_t map_floats;
  bool winograd;
};

void grow(const Layout& at_least, Layout* to) {
  for (int r = 0; r < 4; ++r)
    if (at_least.region[r] > to->region[r]) to->region[r] = at_least.region[r];
  if (at_least.scratch > to->scratch) to->scratch = at_least.scratch;
}

thorax_status make_plan(const thorax_model* model, const thorax_options* options, Plan* p, thorax_error* error) {
  if (model == nullptr) return fail(error, THORAX_BAD_ARG, "no model");
  if (!taken_over(options, &p->options)) return fail(error, THORAX_BAD_ARG, "the options' struct is not of this version");
  if (!taken_over(p->options.host, &p->host)) return fail(error, THORAX_BAD_ARG, "the host's struct is not of this version");
  if (p->options.host == nullptr) p->host = model->host;
  if (p->options.precision != 0 && p->options.precision != THORAX_FP32 && p->options.precision != THORAX_BF16)
    return fail(error, THORAX_UNSUPPORTED, "this precision is not in the file");
  if (p->options.threads == 0) p->options.threads = 1;
  if (p->options.threads < 1 || p->options.threads > max_threads) return fail(error, THORAX_BAD_ARG, "threads are 1 to 64");
  if ((p->options.flags & ~static_cast<unsigned>(THORAX_NO_SELFTEST | THORAX_WINOGRAD)) != 0)
    return fail(error, THORAX_BAD_ARG, "an unknown flag");
  p->kernels = kernels_up_to(p->options.isa_limit);
  if (p->kernels == nullptr) return fail(error, THORAX_BAD_ARG, "isa_limit names another processor's instructions");
  p->winograd = (p->options.flags & THORAX_WINOGRAD) != 0;
  p->bf16 = p->options.precision == THORAX_BF16 ? bf16_kernels_up_to(p->options.isa_limit) : nullptr;
  if (p->options.precision == THORAX_BF16) {
    if (p->winograd) return fail(error, THORAX_BAD_ARG, "THORAX_WINOGRAD is for fp32");
    if (p->bf16 == nullptr) return fail(error, THORAX_UNSUPPORTED, "no bf16 on this processor, or not below isa_limit");
  }
  memset(&p->layout, 0, sizeof p->layout);
  const File& f = model->file;
  const auto size = static_cast<int>(f.recipe.size);
  for (uint32_t m = 0; m < f.members; ++m) {
    grow(layout_of(f.member[m], size, p->options.threads, p->winograd, p->bf16 != nullptr), &p->layout);
    // The known answers, in fp32.
    if (p->bf16 != nullptr)
      grow(layout_of(f.member[m], static_cast<int>(f.vectors.size), p->options.threads, false, false), &p->layout);
  }
  p->map_floats = map_floats(static_cast<int>(padded(f.classes)), map_size(*f.member[0].architecture, size), 0);
  return THORAX_OK;
}

// Cuts the block; s may be NULL while counting.
size_t cut(const Plan& p, const thorax_model& model, unsigned char* block, thorax_session* s, unsigned char** stacks) {
  Cutter c = {block, sizeof(thorax_session)};
  const size_t size = model.file.recipe.size;
  const auto threads = static_cast<size_t>(p.options.threads);
  Memory memory;
  PreprocessMemory preprocess;
  for (int r = 0; r < 4; ++r) memory.region[r] = c.take<float>(p.layout.region[r]);
  memory.own = {};
  memory.maps = c.take<float>(p.map_floats);
  OwnWeights own[max_members] = {};
  for (uint32_t m = 0; m < model.file.members; ++m) {
    const Table& table = model.file.member[m].table;
    if (p.winograd) own[m].winograd = c.take<float>(winograd_floats(table));
    if (p.bf16 != nullptr) own[m] = {nullptr, c.take<uint16_t>(table.weights), c.take<float>(table.bias)};
  }
  auto* class_maps = c.take<float>(p.map_floats);
  auto* scratch = c.take<float>(p.layout.scratch * threads);
  preprocess.table = c.take<uint8_t>(65536);
  preprocess.columns = c.take<thorax::math::Tap>(size);
  preprocess.above = c.take<int32_t>(size);
  preprocess.below = c.take<int32_t>(size);
  // One network has read its input before it writes its first map; several need theirs again.
  auto* pixels = model.file.members > 1 ? c.take<uint8_t>(size * size) : reinterpret_cast<uint8_t*>(memory.region[0]);
  *stacks = c.take<unsigned char>(p.host.parallel != nullptr ? 0 : (threads - 1) * stack_bytes, page);
  if (s != nullptr) {
    s->memory = memory;
    s->preprocess = preprocess;
    s->class_maps = class_maps;
    memcpy(s->own, own, sizeof own);
    s->pixels = pixels;
    s->machine = {p.kernels, p.bf16, &s->workers, scratch, p.layout.scratch};
  }
  return static_cast<size_t>(aligned_up(c.at, page));
}

bool taken(thorax_session* s) {
  return !s->busy.exchange(true);
}

// In a child of the process that made the session, its threads are missing.
thorax_status enter(thorax_session* s, thorax_error* error) {
  if (s->workers.has_threads() && getpid() != s->process)
    return fail(error, THORAX_FORKED, "the session's threads stayed in the parent");
  return taken(s) ? THORAX_OK : fail(error, THORAX_BUSY, "another thread is using the session");
}

thorax_status leave(thorax_session* s, thorax_status status) {
  s->busy.store(false);
  return status;
}

bool run_member(thorax_session* s, uint32_t m, int side, const OwnWeights& own) {
  s->memory.own = own;
  Machine machine = s->machine;
  if (own.bf16 == nullptr) machine.bf16 = nullptr;
  return run_network(machine, s->model->file.member[m], s->model->file.recipe, s->pixels, side, s->memory, &s->result);
}

// How many floats lie between two.
uint32_t distance(float a, float b) {
  int32_t x, y;
  memcpy(&x, &a, 4);
  memcpy(&y, &b, 4);
  if (x < 0) x = static_cast<int32_t>(0x80000000U - static_cast<uint32_t>(x));
  if (y < 0) y = static_cast<int32_t>(0x80000000U - static_cast<uint32_t>(y));
  return x > y ? static_cast<uint32_t>(x) - static_cast<uint32_t>(y) : static_cast<uint32_t>(y) - static_cast<uint32_t>(x);
}

// Whether the session's own weights come close to what is in s->result. false: cancelled.
bool test_own(thorax_session* s, uint64_t seed, uint32_t m, bool* close) {
  if (s->own[m].winograd == nullptr && s->own[m].bf16 == nullptr) return true;
  const Result direct = s->result;
  if (!run_vector(s, seed, m, s->own[m])) return false;
  const bool bf16 = s->own[m].bf16 != nullptr;
  const float allowed = bf16 ? 0.05F : 1e-3F;
  float largest = bf16 ? 0.5F : 1.0F;
  for (uint32_t k = 0; k < s->model->file.classes; ++k) largest = fmaxf(largest, fabsf(direct.logits[k]));
  for (uint32_t k = 0; k < s->model->file.classes; ++k)
    if (!(fabsf(s->result.logits[k] - direct.logits[k]) <= allowed * largest)) *close = false;
  return true;
}

// The file's known answers, from the direct convolutions.
thorax_status test_vectors(thorax_session* s, thorax_error* error) {
  const StandardArithmetic arithmetic;
  const File& f = s->model->file;
  const uint8_t* at = f.vector_records;
  for (uint32_t v = 0; v < f.vectors.count; ++v) {
    uint64_t seed;
    memcpy(&seed, at, sizeof seed);
    at += sizeof seed;
    for (uint32_t m = 0; m < f.members; ++m) {
      if (!run_vector(s, seed, m, {})) return fail(error, THORAX_CANCELLED, "cancelled");
      bool same = true;
      for (uint32_t k = 0; k < f.classes; ++k, at += 4) {
        float expected;
        memcpy(&expected, at, 4);
        same = same && distance(expected, s->result.logits[k]) <= f.vectors.max_ulp;
      }
      if (same && !test_own(s, seed, m, &same)) return fail(error, THORAX_CANCELLED, "cancelled");
      if (!same) return fail(error, THORAX_SELFTEST, "a known answer came out differently", v);
    }
  }
  return THORAX_OK;
}

void add_maps(thorax_session* s, bool first) {
  const File& f = s->model->file;
  const int side = map_size(*f.member[0].architecture, static_cast<int>(f.recipe.size));
  const size_t count = map_floats(static_cast<int>(padded(f.classes)), side, 0);
  for (size_t i = 0; i < count; ++i) s->class_maps[i] = first ? s->memory.maps[i] : s->class_maps[i] + s->memory.maps[i];
}

// The members' mean, then the file's calibration.
float probability(const File& f, uint32_t k, double sum) {
  const ThresholdRecord& t = f.thresholds[k];
  const auto mean = static_cast<float>(sum / f.members);
  return (t.flags & 2U) == 0
             ? mean
             : static_cast<float>(logistic(fma(t.slope, static_cast<double>(static_cast<float>(logit(double{mean}))), t.offset)));
}

thorax_status run_image(thorax_session* s, const thorax_image& image, float* probabilities, thorax_error* error) {
  const StandardArithmetic arithmetic;
  const File& f = s->model->file;
  s->has_run = false;
  const thorax_status status = preprocess(image, f.recipe, s->preprocess, s->pixels, error);
  if (status != THORAX_OK) return status;
  double sums[max_classes] = {};
  for (uint32_t m = 0; m < f.members; ++m) {
    if (!run_member(s, m, static_cast<int>(f.recipe.size), s->own[m])) return fail(error, THORAX_CANCELLED, "cancelled");
    for (uint32_t k = 0; k < f.classes; ++k)
      sums[k] += static_cast<double>(static_cast<float>(logistic(static_cast<double>(s->result.logits[k]))));
    add_maps(s, m == 0);
  }
  for (uint32_t k = 0; k < f.classes; ++k) probabilities[k] = probability(f, k, sums[k]);
  s->has_run = true;
  return THORAX_OK;
}

uint64_t now_ns() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1000000000U + static_cast<uint64_t>(t.tv_nsec);
}

// Where output `at` of `out` lies among `in`: half-pixel centres, clamped to the edge.
struct MapTap {
  int low, high;
  float weight;  // of high
  MapTap(int at, int in, int out) {
    const thorax::math::Tap t = thorax::math::tap(at, in, out);
    low = static_cast<int>(t.low);
    high = static_cast<int>(t.high);
    weight = static_cast<float>(static_cast<double>(t.weight) / (2.0 * out));
  }
};

}  // namespace

bool thorax::embed::run_vector(thorax_session* s, uint64_t seed, uint32_t m, const OwnWeights& own) {
  const auto side = static_cast<int>(s->model->file.vectors.size);
  s->has_run = false;
  vector_image(seed, side, s->pixels);
  return run_member(s, m, side, own);
}

thorax_status thorax_session_size(const thorax_model* model, const thorax_options* options, size_t* bytes, size_t* align,
                                  thorax_error* error) {
  if (bytes == nullptr || align == nullptr) return fail(error, THORAX_BAD_ARG, "bytes or align is NULL");
  Plan plan;
  const thorax_status status = make_plan(model, options, &plan, error);
  if (status != THORAX_OK) return status;
  unsigned char* stacks = nullptr;
  *bytes = cut(plan, *model, nullptr, nullptr, &stacks);
  *align = page;
  return THORAX_OK;
}

thorax_status thorax_session_create(const thorax_model* model, const thorax_options* options, void* memory, size_t bytes,
                                    thorax_session** session, thorax_error* error) {
  if (session == nullptr) return fail(error, THORAX_BAD_ARG, "session is NULL");
  *session = nullptr;
  Plan plan;
  thorax_status status = make_plan(model, options, &plan, error);
  if (status != THORAX_OK) return status;
  unsigned char* stacks = nullptr;
  const size_t needed = cut(plan, *model, nullptr, nullptr, &stacks);
  const bool owns = memory == nullptr;
  if (owns) memory = take_memory(plan.host, needed, page);
  if (memory == nullptr) return fail(error, THORAX_NO_MEMORY, "no memory for the session", needed);
  if (!owns && bytes < needed) return fail(error, THORAX_NO_MEMORY, "less memory than thorax_session_size says", needed);
  if (reinterpret_cast<uintptr_t>(memory) % page != 0) {
    if (owns) give_memory(plan.host, memory, needed);
    return fail(error, THORAX_BAD_ARG, "the memory is not aligned as thorax_session_size says");
  }
  auto* s = new (memory) thorax_session();
  s->model = model;
  s->host = plan.host;
  s->owns_memory = owns;
  s->bytes = needed;
  s->process = getpid();
  cut(plan, *model, static_cast<unsigned char*>(memory), s, &stacks);
  if (!s->workers.start(plan.options.threads, plan.host, stacks)) {
    if (owns) give_memory(plan.host, memory, needed);
    return fail(error, THORAX_NO_MEMORY, "no thread can be started");
  }
  for (uint32_t m = 0; m < model->file.members; ++m) {
    const Member& member = model->file.member[m];
    if (plan.winograd) transform_weights(&s->workers, member, s->own[m].winograd);
    if (plan.bf16 != nullptr) pack_bf16(s->machine, member, s->own[m].bf16, s->own[m].bf16_bias);
  }
  if ((plan.options.flags & THORAX_NO_SELFTEST) == 0) status = test_vectors(s, error);
  if (status != THORAX_OK) {
    thorax_session_destroy(s);
    return status;
  }
  *session = s;
  return THORAX_OK;
}

void thorax_session_destroy(thorax_session* s) {
  if (s == nullptr) return;
  if (s->workers.has_threads() && getpid() != s->process)
    s->workers.forget();
  else
    s->workers.stop();
  const thorax_host host = s->host;
  const size_t bytes = s->bytes;
  if (s->owns_memory) give_memory(host, s, bytes);
}

thorax_status thorax_self_test(thorax_session* s, thorax_error* error) {
  if (s == nullptr) return fail(error, THORAX_BAD_ARG, "no session");
  const thorax_status status = enter(s, error);
  if (status != THORAX_OK) return status;
  const thorax_status result = test_vectors(s, error);
  s->workers.take_cancelled();
  return leave(s, result);
}

thorax_status thorax_run(thorax_session* s, const thorax_image* image, float* probabilities, size_t count, thorax_error* error) {
  if (s == nullptr || image == nullptr || probabilities == nullptr)
    return fail(error, THORAX_BAD_ARG, "session, image or probabilities are NULL");
  if (count < s->model->file.classes) return fail(error, THORAX_BAD_ARG, "room for fewer probabilities than there are classes");
  thorax_image known;
  if (!taken_over(image, &known)) return fail(error, THORAX_BAD_ARG, "the image's struct is not of this version");
  thorax_status status = enter(s, error);
  if (status != THORAX_OK) return status;
  const uint64_t start = now_ns();
  status = run_image(s, known, probabilities, error);
  if (s->workers.take_cancelled() && status == THORAX_OK) {
    s->has_run = false;
    status = fail(error, THORAX_CANCELLED, "cancelled");
  }
  if (status == THORAX_OK) {
    ++s->runs;
    s->last_ns = now_ns() - start;
  }
  return leave(s, status);
}

thorax_status thorax_cam(thorax_session* s, int index, float* map, int width, int height, size_t stride, thorax_error* error) {
  if (s == nullptr || map == nullptr) return fail(error, THORAX_BAD_ARG, "session or map is NULL");
  const File& f = s->model->file;
  if (index < 0 || index >= static_cast<int>(f.classes)) return fail(error, THORAX_BAD_ARG, "no such class");
  if (width < 1 || height < 1 || width > max_image_side || height > max_image_side ||
      (stride != 0 && stride < static_cast<size_t>(width)))
    return fail(error, THORAX_BAD_ARG, "a map's sides are 1 to 16384, its stride no less than its width");
  const thorax_status status = enter(s, error);
  if (status != THORAX_OK) return status;
  if (!s->has_run) return leave(s, fail(error, THORAX_STATE, "no run before the map"));
  const StandardArithmetic arithmetic;
  const int side = map_size(*f.member[0].architecture, static_cast<int>(f.recipe.size));
  const float* from = s->class_maps + static_cast<ptrdiff_t>(index / lanes) * side * side * lanes + index % lanes;
  const float share = 1.0F / static_cast<float>(f.members);
  const auto at = [&](int y, int x) { return from[static_cast<ptrdiff_t>(y * side + x) * lanes] * share; };
  const size_t step = stride == 0 ? static_cast<size_t>(width) : stride;
  for (int y = 0; y < height; ++y) {
    const MapTap row(y, side, height);
    for (int x = 0; x < width; ++x) {
      const MapTap column(x, side, width);
      const float above = fmaf(at(row.low, column.high) - at(row.low, column.low), column.weight, at(row.low, column.low));
      const float below = fmaf(at(row.high, column.high) - at(row.high, column.low), column.weight, at(row.high, column.low));
      map[static_cast<size_t>(y) * step + static_cast<size_t>(x)] = fmaf(below - above, row.weight, above);
    }
  }
  return leave(s, THORAX_OK);
}

thorax_status thorax_cancel(thorax_session* s) {
  if (s == nullptr) return THORAX_BAD_ARG;
  s->workers.cancel();
  return THORAX_OK;
}

thorax_status thorax_get_stats(const thorax_session* s, thorax_stats* stats) {
  if (s == nullptr || stats == nullptr || stats->size < sizeof(size_t)) return THORAX_BAD_ARG;
  thorax_stats t;
  memset(&t, 0, sizeof t);
  t.size = stats->size;
  t.last_ns = s->last_ns;
  t.runs = s->runs;
  t.memory_bytes = s->bytes;
  t.threads = s->workers.threads();
  t.isa = s->machine.bf16 != nullptr ? s->machine.bf16->name : s->machine.kernels->name;
  memcpy(stats, &t, stats->size < sizeof t ? stats->size : sizeof t);
  return THORAX_OK;
}

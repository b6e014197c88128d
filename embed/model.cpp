#include "embed/model.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "embed/calling_thread.h"

namespace thorax::embed {

void* take_memory(const thorax_host& host, size_t bytes, size_t align) {
  if (host.alloc != nullptr) return host.alloc(host.user, bytes, align);
  void* memory = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return nullptr;
#if defined(MADV_HUGEPAGE)
  madvise(memory, bytes, MADV_HUGEPAGE);  // where the system has them: fewer faults at first, fewer address look-ups later
#endif
  return memory;
}

void give_memory(const thorax_host& host, void* memory, size_t bytes) {
  if (host.alloc == nullptr)
    munmap(memory, bytes);
  else if (host.release != nullptr)
    host.release(host.user, memory, bytes);
}

namespace {

thorax_status map_file(const char* path, const void** bytes, size_t* count, thorax_error* error) {
  const Uncancelled uncancelled;
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);  // a pipe is refused, not waited for
  if (descriptor < 0) return fail(error, THORAX_IO, "the file cannot be opened");
  struct stat info;
  thorax_status status = THORAX_OK;
  if (fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = fail(error, THORAX_IO, "not a regular file");
  } else if (info.st_size < static_cast<off_t>(sizeof(Header))) {
    status = fail(error, THORAX_BAD_FILE, "shorter than a header", static_cast<uint64_t>(info.st_size));
  } else {
    *count = static_cast<size_t>(info.st_size);
#if defined(MAP_POPULATE)
    constexpr int flags = MAP_PRIVATE | MAP_POPULATE;  // all of it is read at once
#else
    constexpr int flags = MAP_PRIVATE;
#endif
    void* mapping = mmap(nullptr, *count, PROT_READ, flags, descriptor, 0);
    *bytes = mapping;
    if (mapping == MAP_FAILED) status = fail(error, THORAX_IO, "the file cannot be mapped");
  }
  close(descriptor);
  return status;
}

// The file's bytes in memory become a model.
thorax_status open_bytes(const void* bytes, size_t count, const thorax_host* given, thorax_model** model, thorax_error* error) {
  thorax_host host;
  if (!taken_over(given, &host)) return fail(error, THORAX_BAD_ARG, "the host's struct is not of this version");
  void* memory = take_memory(host, sizeof(thorax_model), 64);
  if (memory == nullptr) return fail(error, THORAX_NO_MEMORY, "no memory for the model");
  memset(memory, 0, sizeof(thorax_model));
  auto* made = static_cast<thorax_model*>(memory);
  Table table;
  const thorax_status status = read_file(bytes, count, &table, &made->file, error);
  if (status != THORAX_OK) {
    give_memory(host, memory, sizeof(thorax_model));
    return status;
  }
  made->host = host;
  *model = made;
  return THORAX_OK;
}

}  // namespace
}  // namespace thorax::embed

using namespace thorax::embed;

thorax_status thorax_verify(const void* file, size_t bytes, thorax_error* error) {
  if (file == nullptr) return fail(error, THORAX_BAD_ARG, "no file");
  Table table;
  return read_file(file, bytes, &table, nullptr, error);
}

thorax_status thorax_open(const char* path, const thorax_host* host, thorax_model** model, thorax_error* error) {
  if (path == nullptr || model == nullptr) return fail(error, THORAX_BAD_ARG, "path or model is NULL");
  *model = nullptr;
  const void* bytes = nullptr;
  size_t count = 0;
  thorax_status status = map_file(path, &bytes, &count, error);
  if (status != THORAX_OK) return status;
  status = open_bytes(bytes, count, host, model, error);
  if (status != THORAX_OK) {
    munmap(const_cast<void*>(bytes), count);
    return status;
  }
  (*model)->mapping = bytes;
  (*model)->mapping_bytes = count;
  return THORAX_OK;
}

thorax_status thorax_open_memory(const void* file, size_t bytes, const thorax_host* host, thorax_model** model,
                                 thorax_error* error) {
  if (file == nullptr || model == nullptr) return fail(error, THORAX_BAD_ARG, "file or model is NULL");
  *model = nullptr;
  if (reinterpret_cast<uintptr_t>(file) % 64 != 0) return fail(error, THORAX_BAD_ARG, "the file is not aligned to 64 bytes");
  return open_bytes(file, bytes, host, model, error);
}

void thorax_close(thorax_model* model) {
  if (model == nullptr) return;
  if (model->mapping != nullptr) munmap(const_cast<void*>(model->mapping), model->mapping_bytes);
  const thorax_host host = model->host;
  give_memory(host, model, sizeof(thorax_model));
}

const char* thorax_class_name(const thorax_model* model, int index) {
  if (model == nullptr || index < 0 || index >= static_cast<int>(model->file.classes)) return nullptr;
  return text_at(model->file.class_texts, static_cast<uint32_t>(index));
}

const char* thorax_metadata(const thorax_model* model, const char* key) {
  if (model == nullptr || key == nullptr) return nullptr;
  for (uint32_t i = 0; i < model->file.metadata_count; ++i)
    if (strcmp(text_at(model->file.metadata, 2 * i), key) == 0) return text_at(model->file.metadata, 2 * i + 1);
  return nullptr;
}

thorax_status thorax_threshold(const thorax_model* model, int index, float* threshold) {
  if (model == nullptr || threshold == nullptr || index < 0 || index >= static_cast<int>(model->file.classes))
    return THORAX_BAD_ARG;
  const ThresholdRecord& t = model->file.thresholds[index];
  if ((t.flags & 1U) == 0) return THORAX_UNSUPPORTED;
  *threshold = t.threshold;
  return THORAX_OK;
}

thorax_status thorax_describe(const thorax_model* model, thorax_info* info) {
  if (model == nullptr || info == nullptr || info->size < sizeof(size_t)) return THORAX_BAD_ARG;
  const File& f = model->file;
  thorax_info i;
  memset(&i, 0, sizeof i);
  i.size = info->size;
  i.architecture = f.member[0].architecture->name;
  i.name = thorax_metadata(model, "name");
  i.members = static_cast<int>(f.members);
  i.classes = static_cast<int>(f.classes);
  i.input_size = static_cast<int>(f.recipe.size);
  i.map_size = map_size(*f.member[0].architecture, i.input_size);
  i.precisions = THORAX_FP32 | THORAX_BF16;
  for (uint32_t k = 0; k < f.classes; ++k)
    if ((f.thresholds[k].flags & 2U) != 0) i.calibrated = 1;
  memcpy(i.sha256, f.sha256, sizeof i.sha256);
  memcpy(info, &i, info->size < sizeof i ? info->size : sizeof i);
  return THORAX_OK;
}

unsigned thorax_abi(void) {
  return 1;
}

const char* thorax_version(void) {
  return THORAX_VERSION;
}

const char* thorax_build(void) {
#if defined(__x86_64__)
  return "x86-64: portable, avx2, avx512, avx512-bf16, amx-bf16; " __VERSION__;
#elif defined(__aarch64__)
  return "arm64: portable, neon; " __VERSION__;
#else
  return "portable; " __VERSION__;
#endif
}

const char* thorax_status_text(thorax_status status) {
  switch (status) {
    case THORAX_OK: return "done";
    case THORAX_BAD_ARG: return "an argument is wrong";
    case THORAX_BAD_FILE: return "not a model file, or a broken one";
    case THORAX_BAD_CHECKSUM: return "the file is damaged";
    case THORAX_BAD_VERSION: return "a version of the file that is not known here";
    case THORAX_UNSUPPORTED: return "not supported";
    case THORAX_NO_MEMORY: return "not enough memory";
    case THORAX_IO: return "the file cannot be read";
    case THORAX_BUSY: return "the session is in use by another thread";
    case THORAX_FORKED: return "the session belongs to the parent process";
    case THORAX_CANCELLED: return "cancelled";
    case THORAX_SELFTEST: return "the self-test failed";
    case THORAX_STATE: return "called too early";
    default: return "unknown status";
  }
}

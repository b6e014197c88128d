// Every call of libthorax that may fail does so, each in turn: the status says it, nothing stays behind, and the next attempt
// works. faults MODEL.thx; linked with the archive, its calls wrapped by the linker (--wrap).
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <set>

#include "tests/embed/tools/use_model.h"

using namespace thorax::test;

namespace {

enum Call { open_file, file_status, map_memory, init_attributes, set_stack, create_thread, host_alloc, calls };
const char* const names[calls] = {"open",           "fstat", "mmap", "pthread_attr_init", "pthread_attr_setstack",
                                  "pthread_create", "alloc"};

int counts[calls];
Call failing = calls;
int failing_from = 0, failing_to = 0;  // numbers of its calls, from 1

// What was taken and not given back.
std::set<int> files;
std::map<void*, size_t> mappings, blocks;
int attributes = 0, threads = 0, locks = 0;

bool fails(Call call) {
  const int number = ++counts[call];
  return call == failing && number >= failing_from && number <= failing_to;
}

bool nothing_is_left() {
  return files.empty() && mappings.empty() && blocks.empty() && attributes == 0 && threads == 0 && locks == 0;
}

}  // namespace

extern "C" {

int __real_open(const char* path, int flags, ...);
int __wrap_open(const char* path, int flags, ...) {
  if (fails(open_file)) return errno = EMFILE, -1;
  const int file = __real_open(path, flags);
  if (file >= 0) files.insert(file);
  return file;
}
int __real_close(int file);
int __wrap_close(int file) {
  REQUIRE(files.erase(file) == 1);
  return __real_close(file);
}
int __real_fstat(int file, struct stat* status);
int __wrap_fstat(int file, struct stat* status) {
  return fails(file_status) ? (errno = EIO, -1) : __real_fstat(file, status);
}
void* __real_mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset);
void* __wrap_mmap(void* at, size_t bytes, int protection, int flags, int file, off_t offset) {
  if (fails(map_memory)) return errno = ENOMEM, MAP_FAILED;
  void* memory = __real_mmap(at, bytes, protection, flags, file, offset);
  mappings[memory] = bytes;
  return memory;
}
int __real_munmap(void* memory, size_t bytes);
int __wrap_munmap(void* memory, size_t bytes) {
  REQUIRE(mappings.count(memory) == 1 && mappings[memory] == bytes);
  mappings.erase(memory);
  return __real_munmap(memory, bytes);
}
int __real_pthread_attr_init(pthread_attr_t* a);
int __wrap_pthread_attr_init(pthread_attr_t* a) {
  if (fails(init_attributes)) return ENOMEM;
  ++attributes;
  return __real_pthread_attr_init(a);
}
int __real_pthread_attr_destroy(pthread_attr_t* a);
int __wrap_pthread_attr_destroy(pthread_attr_t* a) {
  --attributes;
  return __real_pthread_attr_destroy(a);
}
int __real_pthread_attr_setstack(pthread_attr_t* a, void* stack, size_t bytes);
int __wrap_pthread_attr_setstack(pthread_attr_t* a, void* stack, size_t bytes) {
  return fails(set_stack) ? EINVAL : __real_pthread_attr_setstack(a, stack, bytes);
}
int __real_pthread_create(pthread_t* thread, const pthread_attr_t* a, void* (*start)(void*), void* argument);
int __wrap_pthread_create(pthread_t* thread, const pthread_attr_t* a, void* (*start)(void*), void* argument) {
  if (fails(create_thread)) return EAGAIN;
  ++threads;
  return __real_pthread_create(thread, a, start, argument);
}
int __real_pthread_join(pthread_t thread, void** result);
int __wrap_pthread_join(pthread_t thread, void** result) {
  --threads;
  return __real_pthread_join(thread, result);
}
int __real_pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* a);
int __wrap_pthread_mutex_init(pthread_mutex_t* mutex, const pthread_mutexattr_t* a) {
  ++locks;
  return __real_pthread_mutex_init(mutex, a);
}
int __real_pthread_mutex_destroy(pthread_mutex_t* mutex);
int __wrap_pthread_mutex_destroy(pthread_mutex_t* mutex) {
  --locks;
  return __real_pthread_mutex_destroy(mutex);
}

}  // extern "C"

namespace {

thorax_host counting_host() {
  thorax_host host = sized<thorax_host>();
  host.alloc = [](void*, size_t bytes, size_t align) -> void* {
    if (fails(host_alloc)) return nullptr;
    void* memory = std::aligned_alloc(align, (bytes + align - 1) / align * align);
    blocks[memory] = bytes;
    return memory;
  };
  host.release = [](void*, void* memory, size_t bytes) {
    REQUIRE(blocks.count(memory) == 1 && blocks[memory] == bytes);
    blocks.erase(memory);
    std::free(memory);
  };
  return host;
}

// From opening to closing with three threads; the first status that is not THORAX_OK.
thorax_status use(const char* path, const thorax_host* host, Probabilities& p) {
  std::memset(counts, 0, sizeof counts);
  thorax_error error = sized<thorax_error>();
  thorax_model* model = nullptr;
  thorax_status status = thorax_open(path, host, &model, &error);
  REQUIRE((model != nullptr) == (status == THORAX_OK));
  if (status == THORAX_OK) {
    const thorax_options options = with_threads(3);
    thorax_session* session = nullptr;
    status = thorax_session_create(model, &options, nullptr, 0, &session, &error);
    REQUIRE((session != nullptr) == (status == THORAX_OK));
    int before[calls];
    std::memcpy(before, counts, sizeof counts);
    if (status == THORAX_OK) {
      float map[12];
      status = run(session, p);
      REQUIRE(status == THORAX_OK && thorax_cam(session, 1, map, 4, 3, 0, nullptr) == THORAX_OK);
      REQUIRE(std::memcmp(before, counts, sizeof counts) == 0);  // a run takes nothing
    }
    thorax_session_destroy(session);
    thorax_close(model);
  }
  REQUIRE(nothing_is_left());
  REQUIRE(status == THORAX_OK || (error.code == status && error.text[0] != 0));
  return status;
}

thorax_status expected(Call call, int number) {
  const bool of_file = call == open_file || call == file_status || (call == map_memory && number == 1);
  return of_file ? THORAX_IO : THORAX_NO_MEMORY;
}

// How many of its calls were failed, each alone and with all behind it.
int fail_each(Call call, const char* path, const thorax_host* host) {
  Probabilities right{}, p{};
  failing = calls;
  REQUIRE(use(path, host, right) == THORAX_OK);
  const int count = counts[call];
  for (int number = 1; number <= count; ++number) {
    for (const int last : {number, 1000}) {
      failing = call, failing_from = number, failing_to = last;
      REQUIRE(use(path, host, p) == expected(call, number));
      failing = calls;
      REQUIRE(use(path, host, p) == THORAX_OK && p == right);
    }
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  REQUIRE(argc == 2);
  const thorax_host host = counting_host();
  const int least[calls] = {1, 1, 3, 2, 2, 2, 2};
  for (int k = 0; k < calls; ++k) {
    const auto call = static_cast<Call>(k);
    const int count = fail_each(call, argv[1], call == host_alloc ? &host : nullptr);
    std::printf("%s: %d calls, each has failed\n", names[k], count);
    REQUIRE(count >= least[k]);
  }
}

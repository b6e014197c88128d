#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "apps/verbs.h"
#include "tensor/error.h"

// Results go to stdout, everything else to stderr; the exit code says whose turn it is (docs/cli.md).
int main(int argc, char** argv) {
  using namespace thorax;
  try {
    return run_verb({argv + 1, argv + argc});
  } catch (const Error& e) {
    std::fprintf(stderr, "thorax: %s\n", e.what());
    if (!e.hint().empty()) std::fprintf(stderr, "        %s\n", e.hint().c_str());
    return static_cast<int>(e.fault());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "thorax: out of memory\n");
    return static_cast<int>(Fault::machine);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "thorax: a defect of thorax: %s\n", e.what());
    return static_cast<int>(Fault::defect);
  }
}

#include "tests/embed/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  thorax::test::check_verify(data, size);
  return 0;
}

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "apps/console.h"
#include "apps/verbs.h"
#include "tensor/error.h"

namespace {

using thorax::Fault;

int fail(Fault fault, const std::string& what, const std::string& hint = {}) {
  std::fflush(stdout);  // what was found before stands before the error
  std::fputs(thorax::error_text(what, hint).c_str(), stderr);
  return static_cast<int>(fault);
}

int run(const std::vector<std::string>& arguments) {
  try {
    const int code = thorax::run_verb(arguments);
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
    return fail(Fault::machine, std::string("the results cannot be written to stdout: ") + std::strerror(errno));
  } catch (const thorax::Error& e) {
    return fail(e.fault(), e.what(), e.hint());
  } catch (const std::bad_alloc&) {
    return fail(Fault::machine, "out of memory", "a smaller --batch or --size needs less");
  } catch (const std::exception& e) {
    return fail(Fault::defect, std::string("a defect of thorax: ") + e.what());
  }
}

}  // namespace

// Results go to stdout, everything else to stderr; the exit code says whose turn it is (docs/cli.md).
int main(int argc, char** argv) {
  return run({argv + (argc > 0 ? 1 : 0), argv + argc});
}

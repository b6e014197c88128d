#include "tensor/lane.h"

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

using namespace thorax;

TEST_CASE("lane: in the order given, beside the caller, and all done behind join") {
  Lane lane({Device::cpu, 2});
  std::vector<int> done;
  std::atomic<bool> go = false;
  lane.run([&] {
    go.wait(false);  // only the caller, who is not kept waiting, ends this
    done.push_back(1);
  });
  lane.run([&] { done.push_back(2); });
  go = true;
  go.notify_all();
  lane.join();
  CHECK(done == std::vector<int>{1, 2});
  lane.join();
}

TEST_CASE("lane: what fails is thrown once by join, and what stands behind it is left out") {
  Lane lane({Device::cpu, 2});
  int later = 0;
  lane.run([] { throw std::runtime_error("lost"); });
  lane.run([&] { ++later; });
  CHECK_THROWS_WITH(lane.join(), "lost");
  CHECK(later == 0);
  lane.run([&] { ++later; });
  lane.join();
  CHECK(later == 1);
}

#include "tensor/communicator.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <vector>

#include "tensor/rng.h"
#include "tests/ranks.h"
#include "tests/skip.h"

using namespace thorax;
using namespace thorax::parallel;

namespace {

// False: this build has no gloo.
bool with_group([[maybe_unused]] int size, [[maybe_unused]] const std::function<void(Group&)>& work) {
#ifdef THORAX_WITHOUT_GLOO
  test::skip("built without gloo");
  return false;
#else
  test::with_ranks(size, work);
  return true;
#endif
}

Tensor view(std::vector<float>& v) {
  return {v.data(), {static_cast<int64_t>(v.size())}, DType::f32, Layout::plain};
}

// What a rank brings.
std::vector<float> contribution(int rank, size_t count) {
  const Rng rng(11, static_cast<uint64_t>(rank));
  std::vector<float> v(count);
  for (size_t i = 0; i < count; ++i) v[i] = rng.uniform(i, -1, 1);
  return v;
}

}  // namespace

TEST_CASE("all_reduce: the sum, with the same bits on all ranks and each time") {
  for (const int size : {2, 3, 4}) {
    for (const size_t count : {size_t{1}, size_t{5}, size_t{100003}}) {
      CAPTURE(size);
      CAPTURE(count);
      std::vector<std::vector<float>> first(static_cast<size_t>(size)), second(static_cast<size_t>(size));
      if (!with_group(size, [&](Group& group) {
            for (auto* results : {&first, &second}) {
              std::vector<float>& mine = (*results)[static_cast<size_t>(group.world().rank)];
              mine = contribution(group.world().rank, count);
              group.communicator().all_reduce(view(mine));
            }
            group.leave();
          }))
        return;
      double worst = 0;
      for (size_t i = 0; i < count; ++i) {
        double sum = 0;
        for (int r = 0; r < size; ++r) sum += static_cast<double>(contribution(r, count)[i]);
        worst = std::max(worst, std::fabs(sum - static_cast<double>(first[0][i])));
        if (count > 5) i += 1000;
      }
      CHECK(worst < 4 * 1.2e-7);
      for (const auto& result : first) CHECK(result == first[0]);
      CHECK(second == first);
    }
  }
}

TEST_CASE("broadcast and all_gather") {
  with_group(3, [](Group& group) {
    const int rank = group.world().rank;
    Communicator& c = group.communicator();
    std::vector<float> sent(7, static_cast<float>(rank));
    c.broadcast(view(sent), 1);
    std::vector<float> own{static_cast<float>(rank), 0.5F};
    std::vector<float> all(6);
    c.all_gather(view(own), view(all));
    group.leave();
    CHECK(sent == std::vector<float>(7, 1.0F));
    CHECK(all == std::vector<float>{0, 0.5F, 1, 0.5F, 2, 0.5F});
  });
}

TEST_CASE("a rank that is gone ends the operations of the others") {
  with_group(2, [](Group& group) {
    group.communicator().barrier();  // both are connected
    if (group.world().rank == 1) return;
    std::vector<float> v(1000, 1.0F);
    CHECK_THROWS_AS(group.communicator().all_reduce(view(v)), CommunicationError);
  });
}

TEST_CASE("alone, nothing is waited for") {
  Group group(World{}, [](int, const std::string&) {});
  group.connect({});
  std::vector<float> v{1, 2};
  std::vector<float> all(2);
  group.communicator().all_reduce(view(v));
  group.communicator().broadcast(view(v), 0);
  group.communicator().all_gather(view(v), view(all));
  group.communicator().barrier();
  group.leave();
  CHECK(all == std::vector<float>{1, 2});
}

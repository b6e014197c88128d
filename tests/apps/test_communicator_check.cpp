#ifndef THORAX_WITHOUT_GLOO
#include "apps/communicator_check.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tensor/json.h"
#include "tests/ranks.h"

using namespace thorax;

namespace {

// Does what another does, but for one thing.
class Broken final : public Communicator {
 public:
  enum class Part : uint8_t { none, sum, bits, gather };
  Broken(Communicator& right, Part part) : right_(right), part_(part) {}
  int rank() const override { return right_.rank(); }
  int size() const override { return right_.size(); }
  std::string name() const override { return right_.name(); }
  void all_reduce(const Stream& on, const Tensor& t) override {
    right_.all_reduce(on, t);
    if (part_ == Part::sum) t.as<float>()[t.count() / 2] += 1e-3F;
    if (part_ == Part::bits && rank() == 1) t.as<float>()[7] = std::nextafter(t.as<float>()[7], 0.0F);
  }
  void broadcast(const Stream& on, const Tensor& t, int root) override { right_.broadcast(on, t, root); }
  void all_gather(const Stream& on, const Tensor& from, const Tensor& to) override {
    right_.all_gather(on, from, to);
    if (part_ == Part::gather && from.dtype == DType::f32) to.as<float>()[3] = 0;
  }
  void barrier() override { right_.barrier(); }

 private:
  Communicator& right_;
  Part part_;
};

CommunicatorCheck check_of_rank_0(Broken::Part part) {
  CommunicatorCheck found;
  test::with_ranks(2, [&](parallel::Group& group) {
    Broken c(group.communicator(), part);
    const CommunicatorCheck check = check_communicator(c, {Device::cpu, 1}, {1000});
    if (c.rank() == 0) found = check;
    group.leave();
  });
  return found;
}

}  // namespace

TEST_CASE("communicator check: gloo does what it should") {
  const CommunicatorCheck check = check_of_rank_0(Broken::Part::none);
  CHECK(check.wrong() == "");
  CHECK(check.error <= 1);
  CHECK(check.rates.at(0).bytes == 4000);
  CHECK(check.rates.at(0).seconds > 0);
  CHECK(text_of(check).find("gloo, 2 ranks\nsums      ") == 0);
  CHECK(text_of(check).find("\nworks\n") != std::string::npos);
  CHECK(parse_json(json_of(check), "check").find("same_bits")->text == "true");
}

TEST_CASE("communicator check: a wrong sum, other bits and a wrong gathering are found") {
  CHECK(check_of_rank_0(Broken::Part::sum).wrong() == "a sum over the ranks is wrong");
  CHECK(check_of_rank_0(Broken::Part::bits).wrong() == "a sum over the ranks has other bits on another rank, or a second time");
  CHECK(check_of_rank_0(Broken::Part::gather).wrong() == "broadcast or all_gather is wrong");
}

#endif

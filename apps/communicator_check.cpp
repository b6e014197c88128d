#include "apps/communicator_check.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <functional>
#include <span>

#include "apps/gathered.h"
#include "tensor/buffer.h"
#include "tensor/capture.h"
#include "tensor/checksum.h"
#include "tensor/queue.h"
#include "tensor/rng.h"

namespace thorax {

namespace {

constexpr int64_t checked = 1000003;  // not a multiple of anything
constexpr int timed = 20;

// Numbers where the stream's device has them.
class Numbers {
 public:
  Numbers(const Stream& stream, int64_t count)
      : stream_(stream), buffer_(static_cast<size_t>(count) * sizeof(float), stream.queue != nullptr ? Place::gpu : Place::host) {
    tensor_ = {buffer_.data(), {count}, DType::f32, Layout::plain};
  }
  const Tensor& tensor() const { return tensor_; }
  void set(const std::vector<float>& values) const { move(buffer_.data(), values.data()); }
  std::vector<float> get() const {
    std::vector<float> values(static_cast<size_t>(tensor_.count()));
    move(values.data(), buffer_.data());
    return values;
  }

 private:
  void move(void* to, const void* from) const {
    if (stream_.queue == nullptr) {
      std::memcpy(to, from, buffer_.bytes());
    } else {
      stream_.queue->copy(to, from, buffer_.bytes());
      stream_.queue->wait();
    }
  }
  Stream stream_;
  Buffer buffer_;
  Tensor tensor_;
};

// What a rank brings.
std::vector<float> contribution(int rank) {
  const Rng rng(11, static_cast<uint64_t>(rank));
  std::vector<float> v(checked);
  for (size_t i = 0; i < v.size(); ++i) v[i] = rng.uniform(i, -1, 1);
  return v;
}

// The largest distance from the sums in double, by what n - 1 additions in f32 may be off.
double error_of(const std::vector<float>& sums, int ranks) {
  std::vector<double> exact(sums.size(), 0.0), magnitude(sums.size(), 0.0);
  for (int r = 0; r < ranks; ++r) {
    const std::vector<float> v = contribution(r);
    for (size_t i = 0; i < v.size(); ++i)
      exact[i] += static_cast<double>(v[i]), magnitude[i] += std::fabs(static_cast<double>(v[i]));
  }
  double worst = 0;
  for (size_t i = 0; i < sums.size(); ++i) {
    const double allowed = std::max(1, ranks - 1) * std::ldexp(magnitude[i], -24);
    const double error = std::fabs(static_cast<double>(sums[i]) - exact[i]) / std::max(allowed, 1e-300);
    if (!(error <= worst)) worst = error;  // also a NaN
  }
  return worst;
}

bool all_say(Communicator& c, bool yes) {
  const std::vector<char> all = of_ranks(&c, static_cast<char>(yes ? 1 : 0));
  return std::count(all.begin(), all.end(), 1) == std::ssize(all);
}

uint64_t bits_of(const std::vector<float>& v) {
  return xxh64(std::as_bytes(std::span(v)));
}

bool gathers(Communicator& c, const Stream& stream) {
  const Numbers own(stream, checked), all(stream, checked * c.size());
  own.set(contribution(c.rank()));
  c.all_gather(stream, own.tensor(), all.tensor());
  const std::vector<float> gathered = all.get();
  bool right = true;
  for (int r = 0; r < c.size(); ++r) {
    const std::vector<float> wanted = contribution(r);
    right = right && std::equal(wanted.begin(), wanted.end(), gathered.begin() + r * checked);
  }
  const int root = c.size() - 1;
  c.broadcast(stream, own.tensor(), root);
  return right && own.get() == contribution(root);
}

double seconds_of_sum(Communicator& c, const Stream& stream, int64_t count) {
  const Numbers numbers(stream, count);
  const auto work = [&] {
    for (int i = 0; i < timed; ++i) c.all_reduce(stream, numbers.tensor());
  };
  work();
  if (stream.queue != nullptr) stream.queue->wait();
  c.barrier();
  if (stream.queue != nullptr) return stream.queue->seconds(work) / timed;
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / timed;
}

}  // namespace

CommunicatorCheck check_communicator(Communicator& c, const Stream& stream, const std::vector<int64_t>& counts) {
  CommunicatorCheck check;
  check.ranks = c.size();
  check.by = c.name();
  check.numbers = checked;
  if (stream.queue != nullptr) check.device = stream.queue->gpu().name;
  const Numbers numbers(stream, checked);
  const std::vector<float> own = contribution(c.rank());
  const auto summed = [&](const std::function<void()>& sum) {
    numbers.set(own);
    sum();
    return numbers.get();
  };
  const auto sum = [&] { c.all_reduce(stream, numbers.tensor()); };
  const std::vector<float> first = summed(sum);
  check.error = error_of(first, c.size());
  const uint64_t bits = bits_of(first);
  const std::vector<uint64_t> of_all = of_ranks(&c, bits);
  check.same_bits = all_say(c, bits_of(summed(sum)) == bits && bits == of_all[0]);
  check.gathers = all_say(c, gathers(c, stream));
  if (stream.queue != nullptr) {
    Capture graph(*stream.queue, sum);
    check.recorded = all_say(c, bits_of(summed([&] { graph.replay(); })) == bits);
  }
  for (const int64_t count : counts)
    check.rates.push_back({count * static_cast<int64_t>(sizeof(float)), seconds_of_sum(c, stream, count)});
  return check;
}

std::string CommunicatorCheck::wrong() const {
  if (!(error <= 1)) return "a sum over the ranks is wrong";
  if (!same_bits) return "a sum over the ranks has other bits on another rank, or a second time";
  if (!gathers) return "broadcast or all_gather is wrong";
  if (!device.empty() && !recorded) return "a recorded sum over the ranks is not the one that was not recorded";
  return {};
}

double CommunicatorCheck::bus(const Rate& r) const {
  return 2.0 * (ranks - 1) / ranks * static_cast<double>(r.bytes) / r.seconds;
}

}  // namespace thorax

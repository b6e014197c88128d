// What a timed step looks like: as lines of a table, and as JSON.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <map>

#include "apps/step_benchmark.h"
#include "tensor/checksum.h"
#include "tensor/json.h"
#include "tensor/queue.h"

namespace thorax {

namespace {

double mib(size_t bytes) {
  return static_cast<double>(bytes) / 1048576.0;
}

std::string communication_line(const Communication& c, double seconds) {
  std::array<char, 256> text{};
  std::snprintf(
      text.data(), text.size(),
      "          %d ranks, %s: %.2f ms without; all-reduce of %.1f MiB in %d buckets alone %.2f ms, %.0f%% of it hidden\n",
      c.ranks, c.by.c_str(), c.without * 1e3, static_cast<double>(c.bytes) / 1048576, c.buckets, c.alone * 1e3,
      100 * c.hidden(seconds));
  return text.data();
}

std::string communication_json(const Communication& c, double seconds) {
  return str(",\"ranks\":", c.ranks, ",\"communicator\":", json_quote(c.by), ",\"gradient_bytes\":", c.bytes,
             ",\"buckets\":", c.buckets, ",\"without_s\":", json_number(c.without), ",\"all_reduce_s\":", json_number(c.alone),
             ",\"hidden\":", json_number(c.hidden(seconds)));
}

// "features.denseblock1.denselayer12.conv1" as "features.denseblock#.denselayer#.conv#".
std::string without_numbers(const std::string& name) {
  std::string all;
  for (const char c : name) {
    const bool digit = std::isdigit(static_cast<unsigned char>(c)) != 0;
    if (!digit) all += c;
    if (digit && (all.empty() || all.back() != '#')) all += '#';
  }
  return all;
}

}  // namespace

std::string step_table_head() {
  return "  ms/step   +-%   images/s  TFLOP/s  %roofline  arena MiB  step\n";
}

std::string step_table_line(const StepResult& r, const bench::Ceilings& c) {
  const double s = r.times.median();
  std::array<char, 256> text{};
  std::snprintf(text.data(), text.size(), "%9.2f  %4.0f  %9.1f  %7.3f  %9.0f  %9.0f  %s%s\n", s * 1e3,
                50 * (r.times.quantile(0.75) - r.times.quantile(0.25)) / s, static_cast<double>(r.what.batch) / s,
                r.flops / s * 1e-12, 100 * r.roofline(c) / s, mib(r.arena_bytes), r.name().c_str(),
                r.engine() == "thorax" ? "" : ", one by one");
  return text.data() + (r.communication ? communication_line(*r.communication, s) : std::string()) +
         (r.obstacle.empty() ? std::string() : str("          not replayed: ", r.obstacle, '\n'));
}

std::string op_table(const std::vector<OpTime>& ops) {
  struct Sum {
    double seconds = 0, flops = 0;
    int count = 0;
  };
  std::map<std::string, Sum> sums;
  double total = 0;
  for (const OpTime& op : ops) {
    Sum& sum = sums[without_numbers(op.name)];
    sum.seconds += op.seconds, sum.flops += op.flops, ++sum.count;
    total += op.seconds;
  }
  std::vector<std::pair<std::string, Sum>> rows(sums.begin(), sums.end());
  std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second.seconds > b.second.seconds; });
  std::string table = "       ms      %  times   GFLOP/s  op\n";
  for (const auto& [name, sum] : rows) {
    std::array<char, 256> text{};
    std::snprintf(text.data(), text.size(), "%9.3f  %5.1f  %5d  %8.1f  %s\n", sum.seconds * 1e3, 100 * sum.seconds / total,
                  sum.count, sum.seconds > 0 ? sum.flops / sum.seconds * 1e-9 : 0, name.c_str());
    table += text.data();
  }
  return table;
}

std::string json_of(const StepResult& r, const bench::Ceilings& c) {
  const double s = r.times.median(), bound = r.roofline(c);
  const auto batch = static_cast<double>(r.what.batch);
  std::string text =
      str("{\"name\":", json_quote(r.name()), ",\"engine\":", json_quote(r.engine()),
          ",\"model\":", json_quote(r.what.spec.model), ",\"mode\":\"", r.what.training ? "train" : "infer",
          "\",\"size\":", r.what.spec.size, ",\"batch\":", r.what.batch, ",\"dtype\":\"", name_of(r.what.spec.dtype),
          "\",\"replayed\":", r.what.replayed && r.obstacle.empty() ? "true" : "false", ",\"median_s\":", json_number(s),
          ",\"low_s\":", json_number(r.times.quantile(0.25)), ",\"high_s\":", json_number(r.times.quantile(0.75)),
          ",\"min_s\":", json_number(r.times.all.front()), ",\"samples\":", r.times.all.size(),
          ",\"images_s\":", json_number(batch / s), ",\"ms_per_image\":", json_number(1e3 * s / batch));
  text += str(
      ",\"peak_mib\":", json_number(r.what.spec.stream.queue != nullptr ? mib(r.arena_bytes + r.store_bytes) : mib(r.peak_rss)),
      ",\"arena_mib\":", json_number(mib(r.arena_bytes)), ",\"live_mib\":", json_number(mib(r.live_bytes)),
      ",\"flops\":", json_number(r.flops), ",\"bytes\":", json_number(r.bytes), ",\"roofline_s\":", json_number(bound),
      ",\"roofline_percent\":", json_number(100 * bound / s),
      ",\"loss\":", r.what.training ? json_number(static_cast<double>(r.loss)) : "null", ",\"checksum\":\"", hex_of(r.checksum),
      '"');
  if (r.communication) text += communication_json(*r.communication, s);
  if (!r.ops.empty()) {
    text += ",\"ops\":[";
    for (const OpTime& op : r.ops)
      text += str(&op == &r.ops.front() ? "" : ",", "{\"name\":", json_quote(op.name), ",\"seconds\":", json_number(op.seconds),
                  ",\"flops\":", json_number(op.flops), '}');
    text += ']';
  }
  return text + '}';
}

}  // namespace thorax

#include "tests/parity/oracle.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

namespace thorax::parity {
namespace {

constexpr int projections = 64;

// One line of the file, word by word.
class Line {
 public:
  Line(std::string text, std::string where) : words_(std::move(text)), where_(std::move(where)) {}

  std::string word() {
    std::string w;
    if (!(words_ >> w)) fail("a word is missing");
    return w;
  }
  template <class T>
  T number() {
    const std::string w = word();
    T value{};
    const auto [end, error] = std::from_chars(w.data(), w.data() + w.size(), value);
    if (error != std::errc() || end != w.data() + w.size()) fail(str("'", w, "' is no number"));
    return value;
  }
  // "64x3x7x7"
  Shape shape() {
    std::array<int64_t, 4> d{};
    std::istringstream dims(word());
    std::string dim;
    size_t rank = 0;
    while (std::getline(dims, dim, 'x')) {
      if (rank == d.size()) fail("a shape has more than four dimensions");
      d[rank++] = Line(dim, where_).number<int64_t>();
    }
    switch (rank) {
      case 1: return {d[0]};
      case 2: return {d[0], d[1]};
      case 4: return {d[0], d[1], d[2], d[3]};
      default: fail(str("a shape of rank ", rank));
    }
  }
  // Floats, each as the eight hexadecimal digits of its bits.
  std::vector<float> floats() {
    const std::string w = word();
    if (w.size() % 8 != 0) fail("floats are eight digits each");
    std::vector<float> out(w.size() / 8);
    for (size_t i = 0; i < out.size(); ++i) {
      uint32_t bits = 0;
      const char* end = w.data() + 8 * (i + 1);
      if (std::from_chars(end - 8, end, bits, 16).ptr != end) fail("a float is not hexadecimal");
      out[i] = std::bit_cast<float>(bits);
    }
    return out;
  }
  float one_float() { return floats().at(0); }

 private:
  [[noreturn]] void fail(const std::string& what) const { throw Error(Fault::input, str(where_, ": ", what)); }
  std::istringstream words_;
  std::string where_;
};

Record read_record(Line& line) {
  Record r;
  r.shape = line.shape();
  r.stream = line.number<uint64_t>();
  r.rms = line.number<double>();
  r.f32_error = line.number<double>();
  r.bf16_error = line.number<double>();
  for (float v : line.floats()) r.values.push_back(static_cast<double>(v));
  return r;
}

void read_line(Oracle& o, Line& line) {
  const std::string key = line.word();
  if (key == "case") {
    o.model = line.word();
    for (int64_t* field : {&o.classes, &o.channels, &o.size, &o.batch}) *field = line.number<int64_t>();
    for (uint64_t* field : {&o.seed, &o.sketch_seed}) *field = line.number<uint64_t>();
  } else if (key == "streams") {
    for (uint64_t* field : {&o.input_stream, &o.label_stream}) *field = line.number<uint64_t>();
  } else if (key == "sgd") {
    o.steps = line.number<int64_t>();
    for (float* field : {&o.learning_rate, &o.momentum, &o.weight_decay}) *field = line.number<float>();
  } else if (key == "parameter") {
    Parameter p;
    p.name = line.word();
    p.shape = line.shape();
    p.stream = line.number<uint64_t>();
    for (float* field : {&p.low, &p.high, &p.turned}) *field = line.one_float();
    o.parameters.push_back(p);
  } else if (key == "head") {
    const std::string name = line.word();
    o.heads[name] = line.floats();
  } else {
    const std::string name = line.word();
    o.records[{key, name}] = read_record(line);
  }
}

double root_mean_square(const std::vector<double>& x) {
  return std::sqrt(std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / static_cast<double>(x.size()));
}

}  // namespace

const Record& Oracle::find(const std::string& kind, const std::string& name) const {
  const auto found = records.find({kind, name});
  if (found == records.end()) throw Error(Fault::defect, str("the oracle has no ", kind, " ", name));
  return found->second;
}

Oracle read_oracle(const std::string& name) {
  return read_oracle_file(std::filesystem::path(THORAX_SOURCE_DIR) / "tests" / "parity" / "data" / (name + ".txt"));
}

Oracle read_oracle_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string text;
  if (!std::getline(file, text) || text != "thorax-parity 1") {
    throw Error(Fault::input, str(path.string(), ": cannot be read, or does not begin with 'thorax-parity 1'"));
  }
  Oracle oracle;
  for (int number = 2; std::getline(file, text); ++number) {
    if (text.empty() || text[0] == '#') continue;
    Line line(text, str(path.string(), ":", number));
    read_line(oracle, line);
  }
  return oracle;
}

void draw(const Oracle& oracle, const Parameter& parameter, float* out) {
  const Rng rng(oracle.seed, parameter.stream);
  const auto count = static_cast<uint64_t>(parameter.shape.count());
  for (uint64_t i = 0; i < count; ++i) {
    const float x = rng.uniform(i, parameter.low, parameter.high);
    out[i] = parameter.turned > 0 && rng.uniform(count + i) < parameter.turned ? -x : x;
  }
}

std::vector<float> draw_input(const Oracle& oracle) {
  std::vector<float> x(static_cast<size_t>(oracle.batch * oracle.channels * oracle.size * oracle.size));
  const Rng rng(oracle.seed, oracle.input_stream);
  for (size_t i = 0; i < x.size(); ++i) x[i] = rng.uniform(i, -2.0F, 2.0F);
  return x;
}

std::vector<float> draw_labels(const Oracle& oracle) {
  std::vector<float> labels(static_cast<size_t>(oracle.batch * oracle.classes));
  const Rng rng(oracle.seed, oracle.label_stream);
  for (size_t i = 0; i < labels.size(); ++i) labels[i] = rng.uniform(i) < 0.3F ? 1.0F : 0.0F;
  return labels;
}

std::vector<double> sketch(const float* x, int64_t count, uint64_t seed, uint64_t stream) {
  if (count <= projections) return {x, x + count};
  const Rng rng(seed, stream);
  std::vector<double> sums(projections);
  for (int64_t i = 0; i < count; ++i) {
    const auto element = static_cast<double>(x[i]);
    const auto index = static_cast<uint64_t>(2 * i);
    const uint64_t signs = rng.bits(index) | static_cast<uint64_t>(rng.bits(index + 1)) << 32;
    for (size_t p = 0; p < projections; ++p) sums[p] += (signs >> p & 1U) != 0 ? -element : element;
  }
  for (double& sum : sums) sum /= std::sqrt(static_cast<double>(count));
  return sums;
}

void Comparison::check(const std::string& kind, const std::string& name, const float* x, int64_t count) {
  const Record& r = oracle_.find(kind, name);
  Row row{kind, name, r.rms, std::numeric_limits<double>::infinity(), dtype_ == DType::f32 ? r.f32_error : r.bf16_error, 0};
  row.limit = 8 * (dtype_ == DType::f32 ? 0x1p-23 : 0x1p-8) * r.rms;
  if (count > 1) row.limit = std::max(row.limit, factor_ * row.reference);
  if (count == r.shape.count()) {
    std::vector<double> difference = sketch(x, count, oracle_.sketch_seed, r.stream);
    for (size_t i = 0; i < difference.size(); ++i) difference[i] -= r.values.at(i);
    row.error = root_mean_square(difference);
  }
  rows_.push_back(row);
}

int Comparison::failures() const {
  // Written so that a NaN fails.
  return static_cast<int>(std::count_if(rows_.begin(), rows_.end(), [](const Row& r) { return !(r.error <= r.limit); }));
}

std::string Comparison::report(size_t worst) const {
  std::vector<Row> rows = rows_;
  const auto badness = [](const Row& r) { return std::isnan(r.ratio()) ? std::numeric_limits<double>::infinity() : r.ratio(); };
  std::sort(rows.begin(), rows.end(), [&](const Row& a, const Row& b) { return badness(a) > badness(b); });
  std::map<std::string, std::vector<double>> kinds;
  for (const Row& r : rows) kinds[r.kind].push_back(r.ratio());
  std::ostringstream out;
  out << dtype_ << ": " << failures() << " of " << rows.size() << " tensors beyond their limit (" << factor_
      << " x PyTorch's own error)\n";
  for (const auto& [kind, ratios] : kinds) {
    out << "  " << kind << ": " << ratios.size() << " tensors, error / limit: median " << ratios[ratios.size() / 2]
        << ", largest " << ratios[0] << "\n";
  }
  for (size_t i = 0; i < std::min(worst, rows.size()); ++i) {
    const Row& r = rows[i];
    out << "  " << r.kind << " " << r.name << ": RMS " << r.rms << ", error " << r.error << ", PyTorch's " << r.reference
        << ", limit " << r.limit << "\n";
  }
  return out.str();
}

}  // namespace thorax::parity

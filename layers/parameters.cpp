#include "layers/parameters.h"

#include <cmath>

namespace thorax {

BatchNormValues batch_norm_values(Graph& g, const std::string& name, int64_t channels) {
  BatchNormValues v;
  v.gamma = g.parameter(name + ".weight", {channels}, {Init::Kind::constant, 1.0F});
  v.beta = g.parameter(name + ".bias", {channels}, {Init::Kind::constant, 0.0F});
  v.running_mean = g.state(name + ".running_mean", {channels}, DType::f32, 0.0F);
  v.running_var = g.state(name + ".running_var", {channels}, DType::f32, 1.0F);
  v.num_batches_tracked = g.state(name + ".num_batches_tracked", {}, DType::i64, 0.0F);
  return v;
}

Value conv_filter(Graph& g, const std::string& name, int64_t out, int64_t in, int64_t kernel, Fan fan) {
  const auto connections = static_cast<float>((fan == Fan::in ? in : out) * kernel * kernel);
  return g.parameter(name + ".weight", {out, in, kernel, kernel}, {Init::Kind::normal, std::sqrt(2.0F / connections)});
}

}  // namespace thorax

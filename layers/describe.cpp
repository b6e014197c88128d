#include "layers/describe.h"

namespace thorax {

std::string describe_batch_norm(Description& d, const std::string& name, const std::string& x, const BatchNormValues& v,
                                bool relu) {
  const std::string y =
      d.node("BatchNormalization", name + ".y", {x, d.of(v.gamma), d.of(v.beta), d.of(v.running_mean), d.of(v.running_var)},
             {{"epsilon", batch_norm_eps}});
  return relu ? d.node("Relu", name + ".relu", {y}) : y;
}

std::string describe_conv(Description& d, const std::string& name, const std::string& x, const std::string& filter,
                          int64_t kernel, int64_t stride, int64_t pad) {
  return d.node("Conv", name + ".y", {x, filter},
                {{"kernel_shape", std::vector{kernel, kernel}},
                 {"pads", std::vector{pad, pad, pad, pad}},
                 {"strides", std::vector{stride, stride}}});
}

}  // namespace thorax

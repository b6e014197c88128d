#include "kernels/clip.h"

#include <cmath>

#include "kernels/clip_math.h"
#include "kernels/dispatch.h"
#include "kernels/require.h"

namespace thorax {

THORAX_CUDA_TWIN(void clip(const Stream&, const double*, int64_t, double, double*, SgdScalars*, int64_t, LossScaleState*))

void clip(const Stream& stream, const double* parts, int64_t count, double limit, double* norm, SgdScalars* scalars,
          int64_t groups, LossScaleState* scale) {
  require(parts != nullptr && norm != nullptr && scalars != nullptr, "clip", count, " sums, ", groups, " groups without memory");
  THORAX_RETURN_CUDA(clip, stream, parts, count, limit, norm, scalars, groups, scale);
  double sum = 0;
  for (int64_t i = 0; i < count; ++i) sum += parts[i];
  const double root = std::sqrt(sum);
  for (int64_t i = 0; i < groups; ++i) scale_gradient(scalars[i], root, limit, scale);
  *norm = scale == nullptr ? root : root / static_cast<double>(scale->scale);
  if (scale != nullptr) next_loss_scale(*scale, std::isfinite(root));
}

}  // namespace thorax

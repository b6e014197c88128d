#include "kernels/residual.h"

#include "kernels/dispatch.h"
#include "kernels/isa.h"
#include "kernels/require.h"

namespace thorax {

THORAX_TWINS(void residual_forward(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut,
                                   const Slice& y))
THORAX_TWINS(void residual_backward_sums(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut,
                                         const Slice& dy, const Slice& y, float* sums, float* shortcut_sums))
THORAX_TWINS(void residual_backward_apply(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut,
                                          const Slice& dy, const Slice& y, int64_t count, const ResidualGradient& branch_gradient,
                                          const ResidualGradient& shortcut_gradient))

namespace {

void require_like(const Stream& stream, const char* op, const Slice& x, const char* name, const Slice& other) {
  require_activation(stream, op, name, other);
  require_same(op, "x", x, name, other);
}

void require_branches(const Stream& stream, const char* op, const ResidualBranch& branch, const ResidualBranch& shortcut,
                      const Slice& y) {
  require(branch.norm != nullptr, op, "the branch has no batch norm");
  require_activation(stream, op, "x", branch.x);
  require_like(stream, op, branch.x, "shortcut", shortcut.x);
  require_like(stream, op, branch.x, "y", y);
}

}  // namespace

void residual_forward(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& y) {
  require_branches(stream, "residual_forward", branch, shortcut, y);
  THORAX_RUN(residual_forward, stream, branch, shortcut, y);
}

void residual_backward_sums(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& dy,
                            const Slice& y, float* sums, float* shortcut_sums) {
  require_branches(stream, "residual_backward_sums", branch, shortcut, y);
  require_like(stream, "residual_backward_sums", branch.x, "dy", dy);
  require((shortcut.norm != nullptr) == (shortcut_sums != nullptr), "residual_backward_sums",
          "the shortcut's batch norm and its sums go together");
  THORAX_RUN(residual_backward_sums, stream, branch, shortcut, dy, y, sums, shortcut_sums);
}

void residual_backward_apply(const Stream& stream, const ResidualBranch& branch, const ResidualBranch& shortcut, const Slice& dy,
                             const Slice& y, int64_t count, const ResidualGradient& branch_gradient,
                             const ResidualGradient& shortcut_gradient) {
  require_branches(stream, "residual_backward_apply", branch, shortcut, y);
  require_like(stream, "residual_backward_apply", branch.x, "dy", dy);
  if (branch_gradient.dx.buffer) require_like(stream, "residual_backward_apply", branch.x, "dx", branch_gradient.dx);
  if (shortcut_gradient.dx.buffer) require_like(stream, "residual_backward_apply", branch.x, "dshortcut", shortcut_gradient.dx);
  THORAX_RUN(residual_backward_apply, stream, branch, shortcut, dy, y, count, branch_gradient, shortcut_gradient);
}

}  // namespace thorax

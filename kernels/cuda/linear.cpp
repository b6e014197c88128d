// The fully connected layer by cuBLASLt, the only file that includes it. cuBLAS counts columns first: a row-major [N,in] is its
// [in,N].
#include "kernels/linear.h"

#include <cublasLt.h>

#include <array>
#include <map>
#include <memory>
#include <tuple>

#include "kernels/cuda/bias.h"
#include "kernels/cuda/cublas.h"
#include "tensor/error.h"
#include "tensor/queue.h"

namespace thorax::cuda {

namespace {

void check(cublasStatus_t status, const char* what) {
  if (status != CUBLAS_STATUS_SUCCESS) throw Error(Fault::defect, str("cuBLASLt: ", what, ": status ", static_cast<int>(status)));
}

// d [m,n] = a [m,k] b [k,n], each perhaps stored transposed, fp32 throughout.
struct Product {
  int64_t m, n, k;
  bool transpose_a, transpose_b, bias;
  bool operator<(const Product& o) const {
    return std::tie(m, n, k, transpose_a, transpose_b, bias) < std::tie(o.m, o.n, o.k, o.transpose_a, o.transpose_b, o.bias);
  }
};

template <class T, cublasStatus_t (*destroy)(T)>
struct Owned {
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (it != nullptr) destroy(it);
  }
  T it = nullptr;
};
using Layout2d = Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;

// A product with the algorithm chosen for it.
class Plan {
 public:
  // bias: any address of the kind that run() will be given.
  Plan(cublasLtHandle_t handle, const Product& p, const float* bias) {
    check(cublasLtMatmulDescCreate(&operation_.it, CUBLAS_COMPUTE_32F, CUDA_R_32F), "a product");
    set(CUBLASLT_MATMUL_DESC_TRANSA, p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N);
    set(CUBLASLT_MATMUL_DESC_TRANSB, p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N);
    if (bias != nullptr) {
      set(CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
      set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    }
    make(a_, p.transpose_a ? p.k : p.m, p.transpose_a ? p.m : p.k);
    make(b_, p.transpose_b ? p.n : p.k, p.transpose_b ? p.k : p.n);
    make(d_, p.m, p.n);
    choose(handle, p);
  }

  // bias: [m] or null. d = a b + bias, or d += a b.
  void run(cublasLtHandle_t handle, cudaStream_t queue, const float* a, const float* b, const float* bias, float* d,
           bool accumulate) {
    if (bias != nullptr) set(CUBLASLT_MATMUL_DESC_BIAS_POINTER, bias);
    const float one = 1.0F, beta = accumulate ? 1.0F : 0.0F;
    check(cublasLtMatmul(handle, operation_.it, &one, a, a_.it, b, b_.it, &beta, d, d_.it, d, d_.it, &algorithm_, nullptr, 0,
                         queue),
          "a product");
  }

 private:
  template <class T>
  void set(cublasLtMatmulDescAttributes_t name, const T& value) {
    check(cublasLtMatmulDescSetAttribute(operation_.it, name, &value, sizeof value), "an attribute");
  }
  static void make(Layout2d& layout, int64_t rows, int64_t columns) {
    check(cublasLtMatrixLayoutCreate(&layout.it, CUDA_R_32F, static_cast<uint64_t>(rows), static_cast<uint64_t>(columns), rows),
          "a matrix");
  }
  // No workspace, and no sums whose order is open: the same bits every time.
  void choose(cublasLtHandle_t handle, const Product& p) {
    Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy> wishes;
    check(cublasLtMatmulPreferenceCreate(&wishes.it), "a preference");
    const auto wish = [&](cublasLtMatmulPreferenceAttributes_t name, const auto& value) {
      check(cublasLtMatmulPreferenceSetAttribute(wishes.it, name, &value, sizeof value), "a preference");
    };
    wish(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, uint64_t{0});
    wish(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, static_cast<uint32_t>(CUBLASLT_REDUCTION_SCHEME_NONE));
    for (const auto name : {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES,
                            CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES})
      wish(name, uint32_t{16});
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const cublasStatus_t status =
        cublasLtMatmulAlgoGetHeuristic(handle, operation_.it, a_.it, b_.it, d_.it, d_.it, wishes.it, 1, &found, &count);
    if (status != CUBLAS_STATUS_SUCCESS || count < 1)
      throw Error(Fault::defect, str("linear: cuBLASLt has no algorithm for [", p.m, ',', p.k, "] x [", p.k, ',', p.n, ']'));
    algorithm_ = found.algo;
  }

  Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy> operation_;
  Layout2d a_, b_, d_;
  cublasLtMatmulAlgo_t algorithm_{};
};

// As a library of the queue: the handle, and the products met so far.
class Products {
 public:
  explicit Products(Queue& queue) : queue_(queue.handle()) { check(cublasLtCreate(&handle_), "cublasLtCreate"); }
  ~Products() {
    plans_.clear();
    cublasLtDestroy(handle_);
  }
  Products(const Products&) = delete;
  Products& operator=(const Products&) = delete;

  void run(const Product& p, const float* a, const float* b, const float* bias, float* d, bool accumulate) {
    std::unique_ptr<Plan>& plan = plans_[p];
    if (plan == nullptr) plan = std::make_unique<Plan>(handle_, p, bias);
    plan->run(handle_, queue_, a, b, bias, d, accumulate);
  }

 private:
  cublasLtHandle_t handle_ = nullptr;
  cudaStream_t queue_;
  std::map<Product, std::unique_ptr<Plan>> plans_;
};

Products& products(const Stream& stream) {
  return stream.queue->library<Products>();
}

}  // namespace

void linear_forward(const Stream& stream, const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& y) {
  const int64_t images = x.shape[0], in = x.shape[1], out = weight.shape[0];
  products(stream).run({out, images, in, true, false, true}, weight.as<float>(), x.as<float>(), bias.as<float>(), y.as<float>(),
                       false);
}

void linear_backward_data(const Stream& stream, const Tensor& dy, const Tensor& weight, const Tensor& dx, bool accumulate) {
  const int64_t images = dy.shape[0], out = weight.shape[0], in = weight.shape[1];
  products(stream).run({in, images, out, false, false, false}, weight.as<float>(), dy.as<float>(), nullptr, dx.as<float>(),
                       accumulate);
}

void linear_backward_weights(const Stream& stream, const Tensor& dy, const Tensor& x, const Tensor& dweight, const Tensor& dbias,
                             bool accumulate) {
  const int64_t images = dy.shape[0], out = dy.shape[1], in = x.shape[1];
  products(stream).run({in, out, images, false, true, false}, x.as<float>(), dy.as<float>(), nullptr, dweight.as<float>(),
                       accumulate);
  sum_rows(stream, dy, dbias, accumulate);
}

std::string cublas_version() {
  const size_t v = cublasLtGetVersion();
  return str(v / 10000, '.', v / 100 % 100, '.', v % 100);
}

}  // namespace thorax::cuda

#include <sluice/kernels/gemm_backends.h>

#ifdef SLUICE_WITH_ONEDNN

#include <dlfcn.h>

#include <dnnl.h>

namespace sluice::kernels::detail {

namespace {

/// The two functions of the OpenMP runtime that oneDNN itself uses, if it uses one. Looked up in the running
/// program rather than linked: linking would pick a runtime by our compiler (libomp for Clang), beside the
/// one oneDNN brings.
struct OpenMp {
  int (*get_max_threads)();
  void (*set_num_threads)(int);
};

template <class Function>
Function find(void* library, const char* name) {
  return reinterpret_cast<Function>(dlsym(library, name));
}

OpenMp find_openmp() {
  OpenMp found{find<int (*)()>(RTLD_DEFAULT, "omp_get_max_threads"),
               find<void (*)(int)>(RTLD_DEFAULT, "omp_set_num_threads")};
  if (found.get_max_threads != nullptr && found.set_num_threads != nullptr) return found;
  // Not visible from everywhere, as when this library is part of a plug-in: ask oneDNN's own list of
  // libraries.
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&dnnl_sgemm), &info) == 0 || info.dli_fname == nullptr) return {};
  void* library = dlopen(info.dli_fname, RTLD_LAZY | RTLD_NOLOAD);
  if (library == nullptr) return {};
  found = {find<int (*)()>(library, "omp_get_max_threads"),
           find<void (*)(int)>(library, "omp_set_num_threads")};
  return found.get_max_threads != nullptr && found.set_num_threads != nullptr ? found : OpenMp{};
}

/// Keeps oneDNN on the calling thread while it lives. OpenMP's setting belongs to the calling thread, so
/// nobody else notices; oneDNN never starts a team then, whose threads would spin on our cores afterwards.
class OneThread {
 public:
  OneThread() {
    static const OpenMp found = find_openmp();
    openmp_ = &found;
    if (found.get_max_threads != nullptr) before_ = found.get_max_threads();
    if (before_ > 1) found.set_num_threads(1);
  }
  ~OneThread() {
    if (before_ > 1) openmp_->set_num_threads(before_);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  const OpenMp* openmp_;
  int before_ = 1;
};

}  // namespace

bool has_onednn() { return true; }

void gemm_onednn(const Product<float>& p) {
  const OneThread one_thread;
  // Cannot fail: the arguments are valid, and the library falls back to slower code where it lacks memory.
  dnnl_sgemm(p.transpose_a ? 'T' : 'N', p.transpose_b ? 'T' : 'N', p.m, p.n, p.k, 1.0f, p.a, p.lda, p.b,
             p.ldb, p.beta, p.c, p.ldc);
}

}  // namespace sluice::kernels::detail

#else

namespace sluice::kernels::detail {

bool has_onednn() { return false; }
void gemm_onednn(const Product<float>& product) { gemm_eigen(product); }

}  // namespace sluice::kernels::detail

#endif

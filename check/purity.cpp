#include <sluice/check/op_calls.h>
#include <sluice/check/runs.h>
#include <sluice/check/threads_restored.h>
#include <sluice/graph/guard.h>
#include <sluice/kernels/buffer.h>
#include <sluice/kernels/threads.h>
#include <sluice/ops/elementwise.h>
#include <sluice/check/values.inl>

#include <atomic>
#include <chrono>
#include <exception>
#include <thread>
#include <typeinfo>

namespace sluice::detail {

namespace {

constexpr int first_fill = 0xFF;   // a NaN in both floating-point dtypes
constexpr int second_fill = 0x3D;  // small numbers, so that what is added to them shows

const std::byte* bytes_of(const Array& array) { return static_cast<const std::byte*>(array.data()); }

bool equal_bits(const Array& a, const Array& b) {
  return a.bytes() == 0 || std::memcmp(a.data(), b.data(), a.bytes()) == 0;
}

/// The same, but for the bits of NaN, which the compiler's choice of instructions decides.
bool equal_values(const Array& a, const Array& b) {
  for (Index k = 0; k < a.shape().size(); ++k) {
    const double x = a.element(k);
    const double y = b.element(k);
    if (!(x == y && std::signbit(x) == std::signbit(y)) && !(std::isnan(x) && std::isnan(y))) return false;
  }
  return true;
}

/// The first element whose bits differ; the arrays are not equal.
Index differing_element(const Array& a, const Array& b) {
  const auto* end = bytes_of(a) + a.bytes();
  const auto at = std::mismatch(bytes_of(a), end, bytes_of(b)).first - bytes_of(a);
  return static_cast<Index>(static_cast<std::size_t>(at) / size_of(a.dtype()));
}

/// Whether each byte of an element is still `fill`.
bool is_unwritten(const Array& array, Index element, int fill) {
  const std::size_t size = size_of(array.dtype());
  const auto* at = bytes_of(array) + static_cast<std::size_t>(element) * size;
  return std::all_of(at, at + size, [fill](std::byte byte) { return byte == static_cast<std::byte>(fill); });
}

/// One of two threads that run an op at once.
struct Caller {
  Caller(const OpCall& call, const Arrays& inputs, const Arrays& expected)
      : expected(expected), call_(call), inputs_(inputs) {
    for (const Array& array : expected) results.push_back(array.clone());
  }

  /// Runs the op until its results are wrong, until the other has begun a call during so many of ours, or for
  /// so long, where one core makes overlaps rare; but not before the other has begun some calls.
  void run_beside(const Caller& other) {
    constexpr int overlaps = 10;
    constexpr int least_calls = 3;
    constexpr auto at_most = std::chrono::milliseconds(3);
    const auto start = std::chrono::steady_clock::now();
    const std::vector<MutableView> to = mutable_views(results);
    try {
      for (int seen = 0; seen < overlaps && !other.done;) {
        if (other.calls >= least_calls && std::chrono::steady_clock::now() - start > at_most) break;
        const int before = other.calls;
        ++calls;
        run_op(call_, inputs_, to);
        if (!std::equal(results.begin(), results.end(), expected.begin(), equal_bits)) break;
        if (other.calls != before) ++seen;
      }
    } catch (...) {
      thrown = std::current_exception();
    }
    done = true;
  }

  const Arrays& expected;
  Arrays results;
  std::exception_ptr thrown;
  std::atomic<int> calls = 0;
  std::atomic<bool> done = false;

 private:
  const OpCall& call_;
  const Arrays& inputs_;
};

/// The rules of run for one op and its operands.
class PureRun {
 public:
  PureRun(const OpCall& call, std::string_view who) : call_(call), op_(call.op()), who_(who) {
    first_ = run_with(first_fill);
  }

  void check() const {
    check_written();
    check_unread();
    check_work_memory();
    if (const auto* elementwise = dynamic_cast<const ElementwiseOp*>(&op_)) check_elements(*elementwise);
  }

  /// Two threads, each with operands of its own, run the op until calls have overlapped often enough.
  void check_concurrent_calls() const {
    const Arrays others = other_inputs();
    Arrays of_others = filled_outputs(call_.node->outputs, first_fill);
    run_op(call_, others, mutable_views(of_others));
    Caller one(call_, call_.inputs, first_);
    Caller other(call_, others, of_others);
    {
      std::thread second([&] { other.run_beside(one); });
      one.run_beside(other);
      second.join();
    }
    for (const Caller* caller : {&one, &other}) {
      if (caller->thrown) std::rethrow_exception(caller->thrown);
      require_same(caller->results, caller->expected, "when two threads run it at once",
                   "keep no scratch memory in members or static variables: take it by work_bytes");
    }
  }

 private:
  [[noreturn]] void fail(const std::string& fault) const {
    throw Error(fmt::format("[{}] {} {}", who_, call_.text(), fault));
  }

  void run(const Arrays& inputs, std::span<const MutableView> to) const {
    try {
      run_op(call_, inputs, to);
    } catch (Error& error) {
      if (op_.may_throw(call_.specs())) throw;
      error.add(fmt::format(
          "; may_throw of '{}' says that run throws nothing for these operands; leave it to its default",
          op_.name()));
      throw;
    }
  }

  /// Runs into memory full of one byte. Neither operands nor attributes may change.
  Arrays run_with(int fill) const {
    Arrays inputs;
    for (const Array& input : call_.inputs) inputs.push_back(input.clone());
    const std::string attributes = op_.attributes();
    Arrays results = filled_outputs(call_.node->outputs, fill);
    run(inputs, mutable_views(results));
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      if (equal_bits(inputs[i], call_.inputs[i])) continue;
      fail(fmt::format("changes {} of operand {} in run; operands are read only",
                       position_text(inputs[i].shape(), differing_element(inputs[i], call_.inputs[i])), i));
    }
    if (op_.attributes() != attributes) {
      fail(fmt::format("changes its members in run, to \"{}\"; an op is immutable: take memory by work_bytes",
                       op_.attributes()));
    }
    return results;
  }

  void check_written() const {
    const Arrays again = run_with(second_fill);
    for (std::size_t i = 0; i < first_.size(); ++i) {
      if (equal_bits(first_[i], again[i])) continue;
      const Index at = differing_element(first_[i], again[i]);
      const std::string position = position_text(first_[i].shape(), at);
      if (is_unwritten(first_[i], at, first_fill) && is_unwritten(again[i], at, second_fill)) {
        fail(fmt::format("leaves {} of output {} as it was in run; write every element, for every dtype",
                         position, i));
      }
      fail(fmt::format(
          "gives {:.9g} and {:.9g} at {} of output {} for the same operands; run must be pure: it "
          "reads neither what was in an output nor anything that changes",
          first_[i].element(at), again[i].element(at), position, i));
    }
  }

  void require_same(const Arrays& got, const Arrays& expected, std::string_view when,
                    std::string_view advice) const {
    for (std::size_t i = 0; i < expected.size(); ++i) {
      if (!got[i].defined() || equal_bits(got[i], expected[i])) continue;
      const Index at = differing_element(got[i], expected[i]);
      fail(fmt::format("gives {:.9g} at {} of output {} {}, and {:.9g} otherwise; {}", got[i].element(at),
                       position_text(got[i].shape(), at), i, when, expected[i].element(at), advice));
    }
  }

  void check_unread() const {
    for (std::size_t i = 0; i < first_.size() && first_.size() > 1; ++i) {
      Arrays results = filled_outputs(call_.node->outputs, first_fill);
      std::vector<MutableView> to = mutable_views(results);
      to[i].data = nullptr;
      run(call_.inputs, to);
      results[i] = Array();
      require_same(results, first_, fmt::format("if output {} is not read", i),
                   "outputs may not depend on which of them are read");
    }
  }

  void check_work_memory() const {
    const Specs specs = call_.specs();
    for (const int workers : {1, 3}) {
      const std::size_t bytes = op_.work_bytes(specs, workers);
      for (const int fill : {first_fill, second_fill}) {
        kernels::Buffer memory(bytes);
        if (bytes > 0) std::memset(memory.data(), fill, bytes);
        Arrays results = filled_outputs(call_.node->outputs, first_fill);
        guarded(op_, "run_in", call_.node->where, [&] {
          op_.run_in({memory.data(), workers}, views(call_.inputs), mutable_views(results));
        });
        require_same(results, first_, fmt::format("in run_in, with work memory for {}", workers),
                     "run_in computes what run does, and expects nothing of the memory");
      }
    }
  }

  /// The same operands with elements in other places, if the op takes them.
  Arrays other_inputs() const {
    Arrays others;
    for (const Array& input : call_.inputs) others.push_back(rotated(input, 1));
    try {
      Arrays results = filled_outputs(call_.node->outputs, first_fill);
      run_op(call_, others, mutable_views(results));
    } catch (const Error& error) {
      if (op_.may_throw(call_.specs())) return call_.inputs;
      fail(fmt::format(
          "throws '{}' for its elements in other places, though its may_throw is false; leave it to "
          "its default",
          error.message()));
    }
    return others;
  }

  /// Element by element, and with each operand the same for all: what fused programs do.
  void check_elements(const ElementwiseOp& op) const {
    const Spec& y = first_[0].spec();
    const Index n = y.shape.size();
    const bool same_shapes = std::all_of(call_.inputs.begin(), call_.inputs.end(),
                                         [&](const Array& x) { return x.shape() == y.shape; });
    if (n == 0 || !same_shapes) return;
    const std::size_t count = call_.inputs.size();
    const std::vector<Index> ones(count, 1);
    Arrays alone = filled_outputs({y}, first_fill);
    for (Index at = 0; at < n; ++at) {
      std::vector<const void*> from;
      for (const Array& input : call_.inputs)
        from.push_back(bytes_of(input) + static_cast<std::size_t>(at) * size_of(input.dtype()));
      auto* to = static_cast<std::byte*>(alone[0].data()) + static_cast<std::size_t>(at) * size_of(y.dtype);
      op.tile(from.data(), ones.data(), to, 1, call_.inputs.back().dtype());
    }
    if (equal_values(alone[0], first_[0])) return check_constants(op);
    require_same(alone, first_, "computed element by element",
                 "an element may not depend on how many are computed at once");
  }

  void check_constants(const ElementwiseOp& op) const {
    for (std::size_t i = 0; i < call_.inputs.size() && call_.inputs.size() > 1; ++i) check_constant(op, i);
  }

  /// Operand i has its first element everywhere: in memory, and by a stride of 0.
  void check_constant(const ElementwiseOp& op, std::size_t i) const {
    Arrays inputs = call_.inputs;
    inputs[i] = inputs[i].clone();
    const std::size_t size = size_of(inputs[i].dtype());
    auto* elements = static_cast<std::byte*>(inputs[i].data());
    for (std::size_t at = size; at < inputs[i].bytes(); at += size)
      std::memcpy(elements + at, elements, size);
    std::vector<const void*> from;
    for (const Array& input : inputs) from.push_back(input.data());
    std::vector<Index> strides(inputs.size(), 1);
    const Index n = first_[0].shape().size();
    const DType dtype = inputs.back().dtype();
    Arrays full = filled_outputs({first_[0].spec()}, first_fill);
    op.tile(from.data(), strides.data(), full[0].data(), n, dtype);
    strides[i] = 0;
    from[i] = call_.inputs[i].data();
    Arrays by_stride = filled_outputs({first_[0].spec()}, first_fill);
    op.tile(from.data(), strides.data(), by_stride[0].data(), n, dtype);
    if (equal_values(by_stride[0], full[0])) return;
    require_same(by_stride, full, fmt::format("if operand {} has a stride of 0", i),
                 "with stride 0 the first element is that of all");
  }

  const OpCall& call_;
  const Op& op_;
  const std::string_view who_;
  Arrays first_;
};

}  // namespace

void check_purity(const Graph& graph, const Tensors& arguments, std::string_view who) {
  for (const OpCall& call : op_calls(graph, arguments)) PureRun(call, who).check();
}

void check_callers(const Graph& graph, const Tensors& arguments, std::string_view who) {
  for (const OpCall& call : op_calls(graph, arguments)) PureRun(call, who).check_concurrent_calls();
}

void check_threads(const Graph& graph, const Tensors& arguments, std::string_view who) {
  const std::vector<OpCall> calls = op_calls(graph, arguments);
  std::vector<Arrays> expected;
  const ThreadsRestored restored;
  for (const int threads : {1, 2, 3}) {
    kernels::set_threads(threads);
    for (std::size_t i = 0; i < calls.size(); ++i) {
      Arrays results = filled_outputs(calls[i].node->outputs, first_fill);
      run_op(calls[i], calls[i].inputs, mutable_views(results));
      if (threads == 1) {
        expected.push_back(std::move(results));
        continue;
      }
      for (std::size_t k = 0; k < results.size(); ++k) {
        if (equal_bits(results[k], expected[i][k])) continue;
        const Index at = differing_element(results[k], expected[i][k]);
        throw Error(
            fmt::format("[{}] {} gives {:.17g} at {} of output {} on {} threads, and {:.17g} on one; divide "
                        "the work into "
                        "pieces that do not depend on the number of threads (kernels/threads.h)",
                        who, calls[i].text(), results[k].element(at), position_text(results[k].shape(), at),
                        k, threads, expected[i][k].element(at)));
      }
    }
  }
}

void check_attributes(const std::vector<Graph>& graphs, const Tensors& arguments, std::string_view who) {
  std::vector<OpCall> calls;
  for (const Graph& graph : graphs) {
    for (OpCall& call : op_calls(graph, arguments)) calls.push_back(std::move(call));
  }
  for (std::size_t i = 0; i < calls.size(); ++i) {
    for (std::size_t k = i + 1; k < calls.size(); ++k) {
      const Op& op = calls[i].op();
      const Op& other = calls[k].op();
      if (&op == &other || typeid(op) != typeid(other) || op.attributes() != other.attributes()) continue;
      if (calls[i].specs() != calls[k].specs()) continue;
      if (calls[i].node->outputs != calls[k].node->outputs) {
        throw Error(
            fmt::format("[{}] two ops {} have equal attributes() and outputs of other shapes; list every "
                        "member in members()",
                        who, calls[i].text()));
      }
      Arrays results = filled_outputs(calls[i].node->outputs, first_fill);
      Arrays of_other = filled_outputs(calls[i].node->outputs, first_fill);
      run_op(calls[i], calls[i].inputs, mutable_views(results));
      run_op(calls[k], calls[i].inputs, mutable_views(of_other));
      for (std::size_t y = 0; y < results.size(); ++y) {
        if (equal_bits(results[y], of_other[y])) continue;
        const Index at = differing_element(results[y], of_other[y]);
        throw Error(fmt::format(
            "[{}] two ops {} have equal attributes() and compute {:.9g} and {:.9g} at {} of output {}, so "
            "programs would keep one of them; list every member in members()",
            who, calls[i].text(), results[y].element(at), of_other[y].element(at),
            position_text(results[y].shape(), at), y));
      }
    }
  }
}

}  // namespace sluice::detail

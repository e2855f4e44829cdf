#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

#include <sstream>

using namespace sluice;

TEST_CASE("what batches of data refuse") {
  const Tensor x = zeros({6, 2});
  const Tensor traced = x + x;
  refuses("batches", "got none", [&] { data::Batches({}); });
  refuses("batches", "got 0", [&] { data::Batches({x}, {.batch = 0}); });
  refuses("batches", "got f32[6, 2] for tensor 1", [&] { data::Batches({x, traced}); });
  refuses("batches", "got an undefined one for tensor 0", [&] { data::Batches({Tensor()}); });
  refuses("batches", "got 2 along axis 1 of tensor 1", [&] { data::Batches({x, x}, {.axis = {0, 1}}); });
  refuses("batches", "for a tensor of rank 2: got 2", [&] { data::Batches({x}, {.axis = 2}); });
  refuses("batches", "rank 1: got 1", [&] { data::Batches({x, zeros({6})}, {.batch_axis = 1}); });
  refuses("batches", "axis must be one axis", [&] { data::Batches({x}, {.axis = {0, 1}}); });
  refuses("batches", "axis must be one axis", [&] { data::Batches({x}, {.axis = {}}); });
  refuses("batches", "got 6 examples", [&] { data::Batches({x}, {.batch = 7, .keep_last = false}); });
  refuses("batches", "got 0 examples", [&] { data::Batches({zeros({0})}); });
  data::Batches batches({x}, {.batch = 2});
  refuses("batches", "got batch 3 of epoch 0", [&] { batches.seek({0, 3}); });
  refuses("batches", "got batch 0 of epoch -1", [&] { batches.seek({-1, 0}); });
  refuses("batches", "got batch 0 of epoch 2147483647", [&] { batches.seek({2147483647, 0}); });
  batches.variables()[0].variable.assign(tensor({0, 5}));
  refuses("batches", "got batch 5 of epoch 0", [&] { batches.next(); });
  refuses("batches", "got batch 5 of epoch 0", [&] { batches.position(); });

  const Tensor scalar = full({}, 1);
  refuses("sequences", "got none", [&] { data::Sequences({}); });
  refuses("sequences", "got 0 in example 0", [&] { data::Sequences({Tensors{}}); });
  refuses("sequences", "got 1 in example 1 and 2", [&] { data::Sequences({Tensors{x, x}, Tensors{x}}); });
  refuses("sequences", "got 0 and 8", [&] { data::Sequences({Tensors{x}}, {.batch = 0}); });
  refuses("sequences", "got 32 and 0", [&] { data::Sequences({Tensors{x}}, {.lengths = 0}); });
  refuses("sequences", "got f32[6, 2] for tensor 0", [&] { data::Sequences({Tensors{traced}}); });
  refuses("sequences", "got f32[] for tensor 0", [&] { data::Sequences({Tensors{scalar}}); });
  refuses("sequences", "got f32[6, 3] for tensor 0 of example 1", [&] {
    data::Sequences({Tensors{x}, Tensors{zeros({6, 3})}});
  });
  refuses("sequences", "got f32[] for tensor 1", [&] {
    data::Sequences({Tensors{x, x}, Tensors{x, scalar}});
  });
  refuses("sequences", "got f32[6, 2] for tensor 1 of example 1", [&] {
    data::Sequences({Tensors{x, scalar}, Tensors{x, x}});
  });
  refuses("sequences", "got i32[6, 2] for tensor 0 of example 1", [&] {
    data::Sequences({Tensors{x}, Tensors{zeros({6, 2}, DType::int32)}});
  });
  refuses("sequences", "got 5 for tensor 1 of example 0 and 6", [&] {
    data::Sequences({Tensors{x, zeros({5})}});
  });
  refuses("sequences", "steps: got 0 in example 0", [&] { data::Sequences({Tensors{zeros({0, 2})}}); });
  refuses("sequences", "got [1] for examples of 1 tensors",
          [&] { data::Sequences({Tensors{x}}, {.own_lengths = {1}}); });
  refuses("sequences", "got [1, 1] for examples of 2 tensors", [&] {
    data::Sequences({Tensors{x, x}}, {.own_lengths = {1, 1}});
  });
  refuses("sequences", "got [0] for examples of 2 tensors", [&] {
    data::Sequences({Tensors{x, x}}, {.own_lengths = {0}});
  });
  refuses("sequences", "got f32[] for tensor 1 of example 0", [&] {
    data::Sequences({Tensors{x, scalar}}, {.own_lengths = {1}});
  });
  data::Sequences sequences({Tensors{x}});
  refuses("sequences", "got batch 1 of epoch 0", [&] { sequences.seek({0, 1}); });
  sequences.variables()[0].variable.assign(tensor({0, 5}));
  refuses("sequences", "got batch 5 of epoch 0", [&] { sequences.next(); });
  refuses("sequences", "got batch 5 of epoch 0", [&] { sequences.position(); });
}

TEST_CASE("what tables refuse") {
  const data::Table table = data::parse_csv("a,b\n1,x\n,y");
  refuses("table", "got 'c'; the columns are 'a, b'", [&] { table.column("c"); });
  refuses("table", "got 'c'", [&] { table.column_text("c"); });
  refuses("table", "got 'c'", [&] { table.classes("c"); });
  refuses("table", "got 'c'", [&] { table.tensor({"a", "c"}); });
  refuses("table", "got bool", [&] { table.tensor({"a"}, DType::boolean); });
  refuses("parse_csv", "got 'y'", [&] { table.classes("b", {"x"}); });
  refuses("parse_csv", "got 'x'", [&] { table.column("b"); });
  refuses("parse_csv", "got ''", [&] { table.tensor({"a"}, DType::int32); });
  refuses("parse_csv", "line 2: a row must have 2 fields", [&] { data::parse_csv("a,b\n1"); });
  refuses("parse_csv", "the end of a line: got '\"'", [&] { data::parse_csv("a", {.separator = '"'}); });
  CHECK_THROWS_WITH(data::read_csv("/no/such/file"),
                    contains("data.cpp:") && contains("[read_csv] /no/such/file: there is no such file"));
}

TEST_CASE("what files of NumPy refuse") {
  refuses("write_npy", "got f32[2]", [&] { data::write_npy("/no/such", ones({2}) + ones({2})); });
  refuses("write_npy", "got an undefined one", [&] { data::write_npy("/no/such", Tensor()); });
  CHECK_THROWS_WITH(data::read_npy("/no/such/file"),
                    contains("data.cpp:") && contains("[read_npy] /no/such/file: there is no such file"));
}

TEST_CASE("what progress refuses") {
  std::ostringstream out;
  refuses("progress", "got -1", [&] { data::TimeLeft(-1); });
  refuses("progress", "got -1", [&] { data::Progress(out, -1); });
  refuses("progress", "got 1;", [&] { data::Progress(out, 5, {.width = 1}); });
}

#include "refusals/refusal.h"
#include "support/catch.h"

#include <sluice/sluice.h>

using namespace sluice;

TEST_CASE("what wrappers of cells and layers refuse") {
  const Tensor key = random::key(1), none;
  const nn::LSTMCell cell(2, 3, key);
  const nn::LSTM lstm(1, 2, 3, key);
  const Tensor x = ones({4, 2, 2}), frame = ones({2, 2});
  const auto train = nn::Mode::train;

  refuses("zoneout", "a rate is in [0, 1]: got 1.5", [&] { nn::Zoneout(cell, 1.5); });
  refuses("zoneout", "got 3 for 2 parts", [&] { nn::Zoneout(cell, {0.1, 0.1, 0.1}); });
  refuses("zoneout", "got a null pointer", [&] { nn::Zoneout(nn::Part<nn::Cell>(), 0.1); });
  const nn::Recurrent<nn::Zoneout> zoneout({nn::Zoneout(cell, 0.25)});
  refuses("recurrent", "in zoneout: training at rate 0.25 takes a random key: got none",
          [&] { zoneout(x, {.mode = train}); });
  const nn::State first = zoneout.cell(0).initial(2);
  refuses("cell", "in zoneout: training at rate 0.25",
          [&] { zoneout.cell(0)(frame, first, {.mode = train}); });

  refuses("variational_cell", "a rate is in [0, 1): got 1", [&] { nn::VariationalCell(cell, {.input = 1}); });
  refuses("variational_cell", "got -0.5", [&] { nn::VariationalCell(cell, {.output = -0.5}); });
  refuses("variational_cell", "got 1 for 2 parts", [&] { nn::VariationalCell(cell, {.state = {0.5}}); });
  refuses("variational_cell", "got a null pointer", [&] { nn::VariationalCell(nn::Part<nn::Cell>(), {}); });
  const nn::Recurrent<nn::VariationalCell> variational({{cell, {.output = 0.5}}});
  refuses("recurrent", "in variational_cell: training at rate 0.5 takes a random key: got none",
          [&] { variational(x, {.mode = train}); });

  const nn::VariationalDropout dropout(0.5);
  refuses("variational_dropout", "a rate is in [0, 1): got 2", [&] { nn::VariationalDropout(2); });
  refuses("variational_dropout", "[time, batch, channels]: got f32[2, 2]", [&] { dropout(frame); });
  refuses("variational_dropout", "got an undefined tensor", [&] { dropout(none); });
  refuses("variational_dropout", "[batch, channels]: got f32[4, 2, 2]", [&] { dropout.step(x); });
  refuses("variational_dropout", "has no state: got 1", [&] { dropout.step(frame, lstm.initial(2)); });
  refuses("variational_dropout", "has no state: got 1", [&] { dropout(x, {.initial = lstm.initial(2)}); });
  refuses("variational_dropout", "got none", [&] { dropout(x, {.mode = train}); });

  refuses("variational_dropout", "cells that take a context: got 1", [&] { dropout(x, {.extra = {x}}); });
  refuses("variational_dropout", "cells that take a context: got 1",
          [&] { dropout.step(frame, {}, {.extra = {x}}); });
  refuses("variational_dropout", "bool[4, 2] for x f32[4, 2, 2]: got bool[3, 2]", [&] {
    dropout(x, {.resets = zeros({3, 2}, DType::boolean)});
  });
  refuses("variational_dropout", "i32[2] for x f32[4, 2, 2]: got f32[4]",
          [&] { dropout(x, {.lengths = ones({4})}); });

  struct Plain : nn::Cell {
    Plain() : Cell(2, {2}) {}
    nn::State step(const Tensor& x, const nn::State&) const override { return {x}; }
    void members(const nn::Members&) const override {}
  };
  const auto row = [](Index number) {
    return [number](const NamedVariable&) { return std::optional(number); };
  };
  refuses("weight_drop", "a rate is in [0, 1): got 1", [&] { nn::WeightDrop(lstm, 1); });
  refuses("weight_drop", "got a null pointer", [&] { nn::WeightDrop(nn::Part<nn::SequenceLayer>(), 0.5); });
  refuses("weight_drop", "got layers that name none",
          [&] { nn::WeightDrop(nn::Recurrent<Plain>({Plain()}), 0.5); });
  refuses("weight_drop", "got a choice of none",
          [&] { nn::WeightDrop(lstm, 0.5, [](const NamedVariable&) { return std::optional<Index>(); }); });
  refuses("weight_drop", "got row 9 of f32[", [&] { nn::WeightDrop(lstm, 0.5, row(9)); });
  refuses("weight_drop", "got row -1 of f32[", [&] { nn::WeightDrop(lstm, 0.5, row(-1)); });
  const nn::WeightDrop dropped(lstm, 0.5);
  refuses("weight_drop", "at rate 0.5 takes a random key: got none", [&] { dropped(x, {.mode = train}); });
  refuses("weight_drop", "got none", [&] { dropped.step(frame, lstm.initial(2), {.mode = train}); });
  refuses("weight_drop", "in recurrent: takes x f32[time, batch, 2]",
          [&] { dropped(frame, {.mode = train, .key = key}); });
  const auto left_of = [](auto module) {
    const auto taken = std::move(module);
    return module;  // NOLINT: what is left of it
  };
  refuses("zoneout", "has been moved from", [&] { left_of(nn::Zoneout(cell, 0.1)).inner(); });
  refuses("variational_cell", "has been moved from", [&] { left_of(nn::VariationalCell(cell, {})).inner(); });
  refuses("weight_drop", "has been moved from", [&] { left_of(dropped).layer(); });
  refuses("weight_drop", "has been moved from", [&] { left_of(dropped).initial(2); });
  refuses("weight_drop", "has been moved from", [&] {
    nn::WeightDrop module(lstm, 0.5);
    const nn::WeightDrop taken = std::move(module);
    module(x);  // NOLINT: what is left of it
  });
}

#pragma once

// The cells of examples/cells by name.

#include "examples/cells/cfc.h"
#include "examples/cells/mogrifier.h"
#include "examples/cells/qrnn.h"
#include "examples/cells/sru.h"

#include <functional>
#include <memory>
#include <string>

namespace example_cells {

using Layers = std::shared_ptr<const sluice::nn::RecurrentLayers>;

/// One layer. `option` reads what the cell has options for: rounds, bias, taps, backbone.
inline Layers one_layer(const std::string& cell, sluice::Index inputs, sluice::Index hidden,
                        const std::function<double(const char*)>& option, sluice::DType dtype) {
  const sluice::Tensor key = sluice::random::key(1);
  const auto whole = [&](const char* name) { return static_cast<sluice::Index>(option(name)); };
  if (cell == "QRNN")
    return std::make_shared<QRNN>(inputs, hidden, key, QRNNOptions{.taps = whole("taps"), .dtype = dtype});
  sluice::nn::RecurrentLayers::Cells cells;
  if (cell == "Mogrifier") {
    const MogrifierOptions options{.rounds = whole("rounds"), .dtype = dtype};
    cells.emplace_back(std::make_shared<MogrifierCell>(inputs, hidden, key, options));
  } else if (cell == "SRU") {
    const SRUOptions options{.bias = option("bias"), .dtype = dtype};
    cells.emplace_back(std::make_shared<SRUCell>(inputs, hidden, key, options));
  } else {
    const CfCOptions options{.backbone = whole("backbone"), .dtype = dtype};
    cells.emplace_back(std::make_shared<CfCCell>(inputs, hidden, key, options));
  }
  return std::make_shared<sluice::nn::RecurrentLayers>(cells);
}

}  // namespace example_cells

#pragma once

// All modules, cells, losses and initialisers.

#include <sluice/nn/adaptive_softmax.h>
#include <sluice/nn/bidirectional.h>
#include <sluice/nn/attention.h>
#include <sluice/nn/attention_decoder.h>
#include <sluice/nn/carried_state.h>
#include <sluice/nn/cell.h>
#include <sluice/nn/context_cell.h>
#include <sluice/nn/decode.h>
#include <sluice/nn/dropout.h>
#include <sluice/nn/embedding.h>
#include <sluice/nn/four_gate.h>
#include <sluice/nn/freeze.h>
#include <sluice/nn/functional.h>
#include <sluice/nn/gru.h>
#include <sluice/nn/highway.h>
#include <sluice/nn/init.h>
#include <sluice/nn/layer_norm.h>
#include <sluice/nn/learned_start.h>
#include <sluice/nn/linear.h>
#include <sluice/nn/loss.h>
#include <sluice/nn/lstm.h>
#include <sluice/nn/module.h>
#include <sluice/nn/recurrent.h>
#include <sluice/nn/residual.h>
#include <sluice/nn/rnn.h>
#include <sluice/nn/sequence_layer.h>
#include <sluice/nn/sequential.h>
#include <sluice/nn/stack.h>
#include <sluice/nn/step_context.h>
#include <sluice/nn/summary.h>
#include <sluice/nn/values.h>

#pragma once

// Losses: each computes one number per example and reduces them, by their mean, their sum or not at all. Each
// takes a mask of the examples that count: those of sequences of different lengths are sequence_mask(lengths,
// time).

#include <sluice/nn/binary_cross_entropy.h>
#include <sluice/nn/cross_entropy.h>
#include <sluice/nn/kl_div.h>
#include <sluice/nn/reduction.h>
#include <sluice/nn/regression_loss.h>

#pragma once

#include <sluice/optim/adagrad.h>
#include <sluice/optim/adam.h>
#include <sluice/optim/adamw.h>
#include <sluice/optim/average.h>
#include <sluice/optim/clip.h>
#include <sluice/optim/early_stopping.h>
#include <sluice/optim/ema.h>
#include <sluice/optim/optimizer.h>
#include <sluice/optim/plateau.h>
#include <sluice/optim/rmsprop.h>
#include <sluice/optim/schedule.h>
#include <sluice/optim/sgd.h>
#include <sluice/optim/stop_signals.h>
#include <sluice/optim/weight_average.h>

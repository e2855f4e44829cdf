#pragma once

// Everything of the library. A page that needs one thing includes that thing: <sluice/ops/tanh.h>.

#include <sluice/version.h>

#include <sluice/io/checkpoint.h>
#include <sluice/optim/early_stopping.h>

#include <cmath>
#include <limits>

#include "support/catch.h"

using sluice::optim::EarlyStopping;

TEST_CASE("early stopping remembers the best loss and runs out of patience after so many worse ones") {
  EarlyStopping stopping(2);
  CHECK(std::isinf(stopping.best()));
  CHECK_FALSE(stopping.out_of_patience());
  CHECK(stopping.observe(3.0));
  CHECK_FALSE(stopping.observe(3.0));  // as good is not better
  CHECK(stopping.bad() == 1);
  CHECK(stopping.observe(2.5));
  CHECK(stopping.bad() == 0);
  CHECK_FALSE(stopping.observe(std::nan("")));
  CHECK_FALSE(stopping.out_of_patience());
  CHECK_FALSE(stopping.observe(std::numeric_limits<double>::infinity()));
  CHECK(stopping.out_of_patience());
  CHECK(stopping.best() == 2.5);

  stopping.be_patient_again();
  CHECK_FALSE(stopping.out_of_patience());
  CHECK(stopping.best() == 2.5);
  CHECK(stopping.observe(2.0));

  stopping.observe(4.0);
  stopping.forget();
  CHECK(stopping.bad() == 0);
  CHECK(stopping.observe(5.0));
  CHECK(stopping.best() == 5.0);
}

TEST_CASE("a loss that is considered may be the best and costs no patience") {
  EarlyStopping stopping(1);
  CHECK(stopping.consider(2.0));
  CHECK_FALSE(stopping.consider(2.5));
  CHECK_FALSE(stopping.consider(std::nan("")));
  CHECK(stopping.bad() == 0);
  CHECK(stopping.best() == 2.0);
  CHECK_FALSE(stopping.observe(2.1));
  CHECK(stopping.out_of_patience());
}

TEST_CASE("without patience early stopping goes on for ever, and its state is in Variables") {
  EarlyStopping first;
  for (int i = 0; i < 100; ++i) first.observe(1.0 + i);
  CHECK_FALSE(first.out_of_patience());

  EarlyStopping second(100);
  sluice::io::restore(sluice::io::collect(first.variables()), second.variables());
  CHECK(second.best() == 1.0);
  CHECK(second.bad() == 99);
  CHECK_FALSE(second.out_of_patience());
  second.observe(5);
  CHECK(second.out_of_patience());
}

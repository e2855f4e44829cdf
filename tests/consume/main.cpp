#include <sluice/sluice.h>

#include <iostream>

int main() {
  std::cout << "sluice " << sluice::version << '\n';
  return sluice::version == "0.1.0" ? 0 : 1;
}

#!/usr/bin/env bash
# Shows that programs.awk cuts out what a page marks and nothing else, that check.sh notices wrong output, and table.awk
# code in a table that no program has.
set -euo pipefail
here="$(cd "$(dirname "$0")" && pwd)"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
complain() {
  echo "$1"
  exit 1
}

cat >page.md <<'PAGE'
Not marked:
```cpp
int unmarked;
```
<!-- test: hello
#include <cstdio>
-->

```cpp
int main() {
  std::puts("one");  // prints: one
```
Some words, then the same program again:

<!-- test: hello -->
```cpp
  std::puts("2.5 [x]");
}
```

```text
2... [x]
```
Not output, since words stand in between:
```text
other
```
PAGE
[ "$(awk -v out=. -f "$here/programs.awk" page.md)" = hello ] || complain "one program, hello, was expected"
grep -v '^#line' hello.cpp >code
printf '%s\n' '#include <cstdio>' 'int main() {' '  std::puts("one");  // prints: one' '  std::puts("2.5 [x]");' '}' |
  diff - code || complain "the wrong code was cut out"
printf 'one\n2... [x]\n' | diff - hello.expected || complain "the wrong output was cut out"

says() { # says TEXT: a program that prints TEXT
  printf '#!/bin/sh\nprintf "%s"\n' "$1" >program
  chmod +x program
}
says 'one\n2.5 [x]\n' && bash "$here/check.sh" ./program hello.expected || complain "right output was rejected"
for wrong in 'one\n' 'one\n3.5 [x]\n' 'one\n2.5 x\n' 'one\n2.5 [x]\nmore\n' 'ones\n2.5 [x]\n'; do
  says "$wrong"
  ! bash "$here/check.sh" ./program hello.expected >/dev/null || complain "wrong output passed: $wrong"
done
printf '#!/bin/sh\necho one; exit 3\n' >program
! bash "$here/check.sh" ./program none.expected || complain "a program that fails passed"
! awk -v out=. -f "$here/programs.awk" - <<<'<!-- test: Not-snake -->' 2>/dev/null || complain "a bad name passed"

# shellcheck disable=SC2016  # backticks of Markdown
printf '%s\n' '| there | here | why |' '|---|---|---|' '| `a` | `f(1, x)`, `g(x)` | `c` |' '| `b` | | `d` |' '```cpp' '  f(1,' '    x) + g(x);' '```' >table.md
awk -f "$here/table.awk" table.md || complain "a table whose code is in the program was rejected"
# shellcheck disable=SC2016
sed -i 's/`g(x)`/`h(x)`/' table.md
[ "$(awk -f "$here/table.awk" table.md)" = "table.md:3: no program of the page has h(x)" ] || complain "code that is in no program passed"

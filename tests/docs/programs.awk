# Cuts programs out of Markdown pages, so that what a page shows is compiled and run.
# usage: awk -v out=FOLDER -f programs.awk PAGE.md...     writes FOLDER/NAME.cpp and FOLDER/NAME.expected, prints each NAME
#
# A page marks a block of code with a comment in front of it; blocks of one name are put together in their order:
#
#   <!-- test: hello -->
#   ```cpp
#   int main() { std::puts("Hello"); }   // prints: Hello
#   ```
#
# The comment may go on over several lines; they become part of the program without being shown:
#
#   <!-- test: hello
#   #include <cstdio>
#   -->
#
# What must be printed stands in comments `// prints: ...` or in a block ```text right behind the code. `...` in it
# stands for anything.

function code(line) {
  print line > (out "/" name ".cpp")
  if (match(line, /\/\/ prints: /)) print substr(line, RSTART + RLENGTH) > (out "/" name ".expected")
}
function fail(message) {
  print FILENAME ":" FNR ": " message > "/dev/stderr"
  exit 1
}
FNR == 1 { state = "prose" }
state == "hidden" && /^-->/ { state = "marked"; next }
state == "hidden" { code($0); next }
state == "code" && /^```/ { state = "shown"; next }
state == "code" { code($0); next }
state == "text" && /^```/ { state = "prose"; next }
state == "text" { print > (out "/" name ".expected"); next }
state == "other" { if (/^```/) state = "prose"; next }
/^<!-- test: / {
  name = $3
  if (name !~ /^[a-z][a-z0-9_]*$/) fail("name a test in snake_case, not '" name "'")
  if (!(name in seen)) { seen[name] = 1; print name }
  state = ($NF == "-->") ? "marked" : "hidden"
  if (state == "hidden" && NF > 3) fail("hidden code starts on the line after the name")
  next
}
state == "marked" && /^```cpp/ { code("#line " FNR + 1 " \"" FILENAME "\""); state = "code"; next }
state == "shown" && /^```text/ { state = "text"; next }
/^```/ { state = "other"; next }
/[^ \t]/ { state = "prose" }

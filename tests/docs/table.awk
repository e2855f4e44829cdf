# Checks that the code in the second column of a page's tables stands in the page's programs, blanks aside. So it compiles.
# usage: awk -f table.awk PAGE.md
/^```cpp/ { in_code = 1; next }
/^```/ { in_code = 0; next }
in_code { programs = programs $0; next }
/^\|/ {
  split($0, cells, /\|/)
  text = cells[3]
  while (match(text, /`[^`]+`/)) {
    code[++count] = substr(text, RSTART + 1, RLENGTH - 2)
    line[count] = FNR
    text = substr(text, RSTART + RLENGTH)
  }
}
END {
  gsub(/[ \t]/, "", programs)
  for (i = 1; i <= count; ++i) {
    wanted = code[i]
    gsub(/[ \t]/, "", wanted)
    if (index(programs, wanted)) continue
    print FILENAME ":" line[i] ": no program of the page has " code[i]
    failed = 1
  }
  if (count == 0) print FILENAME ": no code in tables"
  exit failed || count == 0
}

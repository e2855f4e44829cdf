#!/usr/bin/env bash
# Every free function that a public header of these rooms declares is called by a test of what it refuses, or is listed
# here because it refuses nothing that a user can hand over.
# usage: complete.sh SOURCE_FOLDER
set -euo pipefail
cd "$1"
refuses_nothing="common_options continues_character convert_to_utf8 duration_text first_value gunzip is_checkpoint is_floating is_gzip is_tracing
  leaf_of leaky_relu_gain name_of prod_others require_values size_of substitute to_dot to_text topological_order
  trace_of unit_double unit_float utf16_to_utf8 valid_prefix variable_of variable_read_by verify version_of versions_in
  visible"
# The readers and writers of files, which io/checkpoint.h and io/checkpoint_json.h call.
inside_io="guard header_for read_payload reason require_at_most require_known require_name require_within write_payload"

declared() { # names that begin a line outside of namespace detail
  awk '
    FNR == 1 { inside = 0 }
    /^namespace .*detail \{/ { inside = 1 }
    inside { if (/^}  \/\/ namespace .*detail/) inside = 0; next }
    /^(struct|class|template|using|namespace|inline constexpr|static|#|\/\/|}|enum|extern|constexpr)/ { next }
    match($0, /^[A-Za-z][A-Za-z_:<>,&* ]*[ &*>]([a-z_0-9]+)\(/) {
      n = split(substr($0, RSTART, RLENGTH - 1), parts, /[ &*>]/)
      print parts[n]
    }' "$@" | sort -u
}

missing=0
for name in $(declared {graph,ops,check,nn,optim,io,text,data}/*.h); do
  grep -qw -- "$name" <<<"$refuses_nothing $inside_io" && continue
  grep -qE "\b$name\(" tests/refusals/*.cpp && continue
  echo "no test of what $name refuses: add a line to tests/refusals/"
  missing=1
done
exit $missing

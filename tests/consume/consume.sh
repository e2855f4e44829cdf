#!/usr/bin/env bash
# Configures, builds and runs the consumer project.
# usage: consume.sh WAY SOURCE BUILD CXX CXX_FLAGS   (WAY: find_package, add_subdirectory or fetch_content)
set -euo pipefail
way=$1 source=$2 build=$3 cxx=$4 flags=$5
work="$build/consume"
options=(-G Ninja "-DCMAKE_CXX_COMPILER=$cxx" "-DWAY=$way")

if [ "$way" = find_package ]; then
  rm -rf "$work/installed" "$work/find_package"
  cmake --install "$build" --prefix "$work/installed" >/dev/null
  # Real files, not the links of the build tree; and nothing points back to where it was built.
  [ -z "$(find "$work/installed" -type l)" ] || { echo "links were installed"; exit 1; }
  ! grep -rlF -e "$source" -e "$build" "$work/installed/include" "$work/installed"/lib*/cmake || {
    echo "these installed files name the folders of the build"
    exit 1
  }
  options+=("-DCMAKE_PREFIX_PATH=$work/installed" "-DCMAKE_CXX_FLAGS=$flags")
  folder="$work/find_package"
else
  # The two ways that build the library again share one folder, so that it is compiled once.
  options+=("-DSLUICE_SOURCE=$source" "-DCMAKE_CXX_FLAGS=$flags -O0" -DSLUICE_PRECOMPILE=ON
    -DCMAKE_UNITY_BUILD=ON)
  folder="$work/from_source"
  rm -f "$folder/CMakeCache.txt"
fi

readme="$work/readme"
rm -rf "$readme"
mkdir -p "$readme"
names=$(awk -v "out=$readme" -f "$source/tests/docs/programs.awk" "$source/README.md")
[ -n "$names" ] || { echo "README.md shows no program"; exit 1; }

cmake -S "$source/tests/consume" -B "$folder" "-DREADME_PROGRAMS=$readme" "${options[@]}"
cmake --build "$folder" --target programs
"$folder/consumer"
for name in $names; do
  (cd "$readme" && bash "$source/tests/docs/check.sh" "$folder/readme_$name" "$readme/$name.expected")
done

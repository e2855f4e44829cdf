#!/usr/bin/env bash
# Installs the packages that Sluice is built from, where they are missing (Debian, Ubuntu and the like).
# Does nothing, and needs no network, when all are there. More package names may be given as arguments.
set -euo pipefail

packages=(g++ cmake ninja-build libfmt-dev libeigen3-dev libcereal-dev catch2 libcli11-dev nlohmann-json3-dev
  libutf8proc-dev zlib1g-dev "$@")

installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "This system has no apt-get: please install what these Debian packages hold:"
  echo "  ${packages[*]}"
  echo "Going on with what is here."
  exit 0
fi

missing=()
for package in "${packages[@]}"; do installed "$package" || missing+=("$package"); done
if [ ${#missing[@]} -eq 0 ]; then
  echo "All packages are there."
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null || {
    echo "Missing packages: ${missing[*]}" >&2
    echo "Run this as root, or install sudo, or install them by hand." >&2
    exit 1
  }
  as_root=(sudo)
fi
apt() { "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" </dev/null; }

echo "Installing ${missing[*]}"
apt update
apt install -y --no-install-recommends "${missing[@]}" >/dev/null
echo "All packages are there."

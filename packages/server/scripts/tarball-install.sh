#!/bin/sh
# Installs Rollcall from the directory of this file into /opt, links /usr/local/bin/rollcall to it, and sets up the service of systemd.
# A later version comes beside an earlier one, so a server that runs keeps its files. What you add after install.sh goes to
# `rollcall service install`, such as --no-start.
set -eu
here=$(dirname "$(readlink -f "$0")")
name=$(basename "$here")
target=/opt/$name
if [ "$(id -u)" != 0 ]; then
  echo "install.sh: Run it as root: sudo $0" >&2
  exit 1
fi
if ! "$here/bin/rollcall" --version >/dev/null; then
  echo "install.sh: This machine cannot run the program. The tarball is for another architecture or another C library than glibc." >&2
  exit 1
fi
if [ "$here" != "$target" ]; then
  rm -rf "$target.unfinished"
  mkdir -p /opt
  cp -R "$here" "$target.unfinished"
  chown -R 0:0 "$target.unfinished"
  chmod -R u+rwX,go+rX,go-w "$target.unfinished"
  rm -rf "$target"
  mv "$target.unfinished" "$target"
fi
mkdir -p /usr/local/bin
ln -sfn "$target/bin/rollcall" /usr/local/bin/rollcall
exec "$target/bin/rollcall" service install "$@"

#!/bin/sh
# Runs Rollcall with the Node.js beside this file.
here=$(dirname "$(readlink -f "$0")")
exec "$here/node" "$here/../lib/node_modules/rollcall/dist/bin/rollcall.js" "$@"

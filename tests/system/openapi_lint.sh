#!/bin/sh
# openapi_lint.sh OPENAPI WORK - redocly's recommended rules on the control API; its npm package and the cache
# go into WORK. Exit 77: skipped, with the reason.
set -eu
openapi=$1 work=$2
version=1.34.5 # the last line that runs on Debian 12's node 18

skip() { echo "skipped: $1"; exit 77; }

command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] || skip "node $(node --version) is older than 18"

mkdir -p "$work"
redocly=$work/node_modules/.bin/redocly
if [ ! -x "$redocly" ]; then
    npm install --prefix "$work" --cache "$work/cache" --no-audit --no-fund --ignore-scripts \
        "@redocly/cli@$version" >"$work/npm.log" 2>&1 || skip "npm install failed: $(tail -n 1 "$work/npm.log")"
    rm -rf "$work/cache"
fi
REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true "$redocly" lint "$openapi"

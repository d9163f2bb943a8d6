#!/bin/sh
# dashboard.sh BIN WORK - runs the browser test on the programs in BIN; files go into WORK. Exit 77: skipped.
set -eu
bin=$1 work=$2
here=$(cd "$(dirname "$0")" && pwd)

skip() { echo "skipped: $1"; exit 77; }

command -v node > /dev/null || skip "node is not installed"
command -v npm > /dev/null || skip "npm is not installed"
[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] || skip "node $(node --version) is older than 18"
LEEWAY_CHROMIUM=${LEEWAY_CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
[ -n "$LEEWAY_CHROMIUM" ] || skip "no Chromium is installed (or name it in LEEWAY_CHROMIUM)"
export LEEWAY_CHROMIUM
for program in leewayd leeway-serve leeway-trainer leeway-train; do
    [ -x "$bin/$program" ] || skip "$bin/$program is not built"
done

mkdir -p "$work"
if ! cmp -s "$here/package-lock.json" "$work/package-lock.json" || [ ! -d "$work/node_modules/playwright-core" ]; then
    rm -rf "$work/node_modules"
    cp "$here/package.json" "$work/package.json"
    # No scripts: playwright-core needs none, and no browser of its own is wanted.
    (cd "$work" && cp "$here/package-lock.json" . && npm ci --ignore-scripts --no-audit --no-fund > npm.log 2>&1) || {
        rm -f "$work/package-lock.json"
        skip "npm ci failed: $(tail -n 1 "$work/npm.log")"
    }
fi
# A module finds its packages beside itself; the sources stay where they are.
cp "$here"/*.mjs "$work/"
exec node "$work/dashboard_test.mjs" "$bin" "$work"

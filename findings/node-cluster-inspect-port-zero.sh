#!/usr/bin/env bash
# node:cluster ends each worker at once where NODE_OPTIONS has --inspect-port=0, which asks for any free port.
#
# Versions:  Node.js 26.10.0 from npm (20.20.2 does the same).
# Behaviour: 0 is a port that --inspect-port takes: whoever opens the inspector later gets any free one. A primary of node:cluster gives
#            its workers the port of its own and 1, 2, 3 more as --inspect-port. From 0 that makes 1, which Node.js refuses: "must be 0 or in
#            range 1024 to 65535". The worker ends with 9 before any of its code runs. With --inspect-port=9500 it runs at 9501. With
#            --inspect=0 it runs, since the primary listens by then and its true port is what is added to.
# Seen:      0: worker ended with 9; 9500: worker ended with 0; --inspect=0: worker ended with 0.
# Matters:   Tools that want to look into any process of a server give it this option by the environment, so that no two inspectors meet.
#            A clustered server then comes up without a worker, or starts them anew for ever.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --prefix . node@26.10.0 > log 2>&1 || { cat log >&2; exit 2; }
node=$(find node_modules -path '*/bin/node' -type f | head -1)
if [ -z "$node" ] || [ "$("$node" --version)" != v26.10.0 ]; then echo 'could not get Node.js 26.10.0 from npm' >&2; exit 2; fi
cat > forks.cjs <<'JS'
const cluster = require('node:cluster');
if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('exit', (code) => console.log(`worker ended with ${code}`));
} else {
  process.exit(0);
}
JS
seen="0: $(NODE_OPTIONS=--inspect-port=127.0.0.1:0 timeout 30 "$node" forks.cjs 2> /dev/null)"
seen+="; 9500: $(NODE_OPTIONS=--inspect-port=127.0.0.1:9500 timeout 30 "$node" forks.cjs 2> /dev/null)"
seen+="; --inspect=0: $(timeout 30 "$node" --inspect=127.0.0.1:0 forks.cjs 2> /dev/null)"
echo "$seen"
[ "$seen" = '0: worker ended with 9; 9500: worker ended with 0; --inspect=0: worker ended with 0' ]

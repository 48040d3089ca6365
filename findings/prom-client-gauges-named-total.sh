#!/usr/bin/env bash
# prom-client's default metrics have gauges whose names end in _total, the ending of counters.
#
# Versions:  prom-client 15.1.3 (npm), Node.js 20 or newer.
# Behaviour: nodejs_active_handles_total, nodejs_active_requests_total and nodejs_active_resources_total are gauges: they fall when
#            handles are closed. A reader that takes every name with that ending for a counter sees the process restart.
# Seen:      3 gauges named _total; nodejs_active_handles_total went from 20 to 0 (Node.js 20.20.2, Linux 6.18).
# Matters:   rate() over them means nothing, and "a counter went back, so this is another process" must go by # TYPE alone.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" prom-client@15.1.3 > /dev/null
cat > "$folder/scrape.cjs" <<'JS'
const net = require('node:net');
const client = require('prom-client');
client.collectDefaultMetrics();
const read = async () => {
  const text = await client.register.metrics();
  const named = [...text.matchAll(/^# TYPE (\S+_total) gauge$/gm)].map(([, name]) => name);
  return { named, handles: Number(/^nodejs_active_handles_total (\d+)$/m.exec(text)[1]) };
};
(async () => {
  const servers = await Promise.all(
    Array.from({ length: 20 }, () => new Promise((up) => { const one = net.createServer().listen(0, '127.0.0.1', () => up(one)); })),
  );
  const before = await read();
  await Promise.all(servers.map((one) => new Promise((down) => one.close(down))));
  await new Promise((resolve) => setTimeout(resolve, 200));
  const after = await read();
  console.log(before.named.join(' '), before.handles, after.handles);
  process.exit(before.named.length === 3 && before.handles - after.handles === 20 ? 0 : 1);
})();
JS
node "$folder/scrape.cjs" || { echo 'changed'; exit 1; }

#!/usr/bin/env bash
# BullMQ hands a job on while the worker that holds it is frozen and still holds what the job stands for.
#
# Versions:  bullmq 6.7.0 and ioredis 5.8.2 (npm), Redis 7.0 (Debian's redis-server), Node.js 20 or newer.
# Behaviour: A worker with a lock of 5 s takes a job and opens a file for it. It is stopped (SIGSTOP), as a machine that swaps or
#            a container that is paused. A second worker is given the same job while the first still has its file open. The
#            first hears of it (lockRenewalFailed) only when it goes on.
# Seen:      the second began 4.3 s after the first was stopped; lockRenewalFailed was told once, after the first woke
#            (bullmq 6.7.0, ioredis 5.8.2, Redis 7.0.15, Linux 6.18, Node.js 20.20.2).
# Matters:   A job is a lease, not a mutex. Work that must not be done twice needs a fence of its own, by a clock that stops
#            what it holds before the lock's time is over.
set -euo pipefail
command -v redis-server > /dev/null || { echo 'needs redis-server: apt-get install redis-server' >&2; exit 2; }

folder=$(mktemp -d)
redis='' first='' second=''
cleanup() {
  for pid in "$first" "$second" "$redis"; do [ -z "$pid" ] || kill -KILL "$pid" 2> /dev/null || true; done
  rm -rf "$folder"
}
trap cleanup EXIT
npm install --silent --no-audit --no-fund --prefix "$folder" bullmq@6.7.0 ioredis@5.8.2 > /dev/null 2>&1
redis-server --port 0 --unixsocket "$folder/redis.sock" --save '' --dir "$folder" > "$folder/redis.log" &
redis=$!
disown
cat > "$folder/worker.mjs" <<'JS'
import { writeFileSync } from 'node:fs';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
const [, , role, folder] = process.argv;
const connection = new Redis(`${folder}/redis.sock`, { maxRetriesPerRequest: null });
const say = (text) => console.log(`${Date.now()} ${role} ${text}`);
const hold = async () => {
  say('begins');
  writeFileSync(`${folder}/${role}.holds`, '');
  await new Promise((resolve) => setTimeout(resolve, role === 'first' ? 60_000 : 100));
  say('ends');
};
const worker = new Worker('leases', hold, { connection, lockDuration: 5000, stalledInterval: 2000, maxStalledCount: 5 });
worker.on('lockRenewalFailed', () => say('lockRenewalFailed'));
worker.on('error', () => {});
if (role === 'first') await new Queue('leases', { connection }).add('hold', {});
JS
cd "$folder"
until [ -S redis.sock ]; do sleep 0.1; done
node worker.mjs first "$folder" > first.log &
first=$!
disown
for _ in $(seq 300); do [ -e first.holds ] && break; sleep 0.1; done
[ -e first.holds ] || { echo 'the first worker was given nothing'; exit 1; }
sleep 1
kill -STOP "$first"
stopped=$(date +%s%3N)
node worker.mjs second "$folder" > second.log &
second=$!
disown
for _ in $(seq 300); do grep -q begins second.log 2> /dev/null && break; sleep 0.1; done
began=$(awk '/second begins/ { print $1 }' second.log)
state=$(awk '/^State:/ { print $2 }' "/proc/$first/status")
[ -n "$began" ] || { echo 'changed: no second worker was given the job within 30 s'; exit 1; }
told_frozen=$(grep -c lockRenewalFailed first.log || true)
kill -CONT "$first"
for _ in $(seq 150); do grep -q lockRenewalFailed first.log && break; sleep 0.1; done
told_awake=$(grep -c lockRenewalFailed first.log || true)
ended=$(grep -c 'first ends' first.log || true)
after=$(awk "BEGIN { printf \"%.1f\", ($began - $stopped) / 1000 }")
echo "the second began $after s after the first was stopped (state $state, jobs it ended: $ended)"
echo "lockRenewalFailed was told $told_frozen times while it was frozen, $told_awake times after it woke"
[ "$state" = T ] && [ "$ended" = 0 ] && [ "$told_frozen" = 0 ] && [ "$told_awake" -ge 1 ] || { echo 'changed'; exit 1; }

#!/usr/bin/env bash
# nginx holds the head of an event stream back until its first event comes, though the server behind it sent the head at once.
#
# Versions:  nginx 1.22.1 (Debian 12), Node.js 20 or newer.
# Behaviour: A server sends the head of a text/event-stream at once, an event after 1.5 s, and one more with its end after 2 s. With
#            proxy_buffering on, as it is by default, and HTTP/1.1 to the server, events are passed on as they come. The head
#            alone is shorter than postpone_output (1,460 bytes), and waits for the first event. With postpone_output 0,
#            with proxy_buffering off, or by `X-Accel-Buffering: no` in the answer it is passed on at once. With HTTP/1.0, the
#            default of this version, head and events wait for the end. The status is 200 each time.
# Seen:      the head after 1,506 to 1,519 ms with HTTP/1.1, 5 to 82 ms in the three other ways; with HTTP/1.0 head and both events
#            after 2,008 and 2,009 ms (Linux 6.18, Node.js 20.20.2).
# Matters:   The time to open a stream is the time to its first event. A stream that says nothing at first looks like a server that
#            doesn't answer, and runs into time-outs.
set -euo pipefail
[ "$(nginx -v 2>&1)" = 'nginx version: nginx/1.22.1' ] || { echo 'needs nginx 1.22.1, as in Debian 12: apt-get install nginx' >&2; exit 2; }
folder=$(mktemp -d)
nginx='' server=''
cleanup() {
  for pid in "$nginx" "$server"; do [ -z "$pid" ] || { kill -TERM "$pid" && wait "$pid"; } 2> /dev/null || true; done
  rm -rf "$folder"
}
trap cleanup EXIT
cat > "$folder/server.cjs" <<'JS'
const { createServer } = require('node:http');
const server = createServer((request, response) => {
  const more = request.url === '/by-answer' ? { 'X-Accel-Buffering': 'no' } : {};
  response.writeHead(200, { 'Content-Type': 'text/event-stream', ...more });
  response.flushHeaders();
  setTimeout(() => response.write('data: first\n\n'), 1500);
  setTimeout(() => response.end('data: second\n\n'), 2000);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
JS
cat > "$folder/client.cjs" <<'JS'
const { get } = require('node:http');
const [, , port, path] = process.argv;
const began = performance.now();
const since = () => Math.round(performance.now() - began);
get({ port, path, host: '127.0.0.1', agent: false }, (response) => {
  const head = since();
  const events = [];
  response.setEncoding('utf8').on('data', (text) => {
    for (const _ of text.matchAll(/^data:/gm)) events.push(since());
  });
  response.on('end', () => console.log(response.statusCode, head, ...events));
});
JS
timeout 60 node "$folder/server.cjs" > "$folder/port" &
server=$!
until [ -s "$folder/port" ]; do kill -0 "$server"; sleep 0.1; done
behind=$(cat "$folder/port")
port=$(node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
cat > "$folder/nginx.conf" <<CONF
daemon off;
pid $folder/nginx.pid;
error_log stderr;
worker_processes 1;
events {}
http {
  access_log off;
  client_body_temp_path $folder/body;
  proxy_temp_path $folder/proxy;
  fastcgi_temp_path $folder/fastcgi;
  uwsgi_temp_path $folder/uwsgi;
  scgi_temp_path $folder/scgi;
  server {
    listen 127.0.0.1:$port;
    proxy_http_version 1.1;
    location / { proxy_pass http://127.0.0.1:$behind; }
    location /old { proxy_pass http://127.0.0.1:$behind; proxy_http_version 1.0; }
    location /unbuffered { proxy_pass http://127.0.0.1:$behind; proxy_buffering off; }
    location /not-postponed { proxy_pass http://127.0.0.1:$behind; postpone_output 0; }
  }
}
CONF
timeout 60 nginx -e stderr -c "$folder/nginx.conf" &
nginx=$!
until (: > "/dev/tcp/127.0.0.1/$port") 2> /dev/null; do kill -0 "$nginx"; sleep 0.1; done
fails=0
ask() {
  local status head first second
  read -r status head first second < <(timeout 10 node "$folder/client.cjs" "$3" "$4")
  printf '%-30s status %s, head after %4d ms, events after %4d and %4d ms\n' "$1:" "$status" "$head" "$first" "$second"
  [ "$status" = 200 ] && [ "$second" -ge 1950 ] || fails=1
  case $2 in
    at-once) [ $((first - head)) -ge 1300 ] && [ $((second - first)) -ge 300 ] || fails=1 ;;
    with-first) [ "$head" -ge 1450 ] && [ $((first - head)) -lt 200 ] && [ $((second - first)) -ge 300 ] || fails=1 ;;
    at-the-end) [ "$head" -ge 1950 ] && [ $((second - head)) -lt 200 ] || fails=1 ;;
  esac
}
ask 'without nginx' at-once "$behind" /
ask 'proxy_buffering on, HTTP/1.1' with-first "$port" /
ask 'proxy_buffering on, HTTP/1.0' at-the-end "$port" /old
ask 'proxy_buffering off' at-once "$port" /unbuffered
ask 'postpone_output 0' at-once "$port" /not-postponed
ask 'X-Accel-Buffering: no' at-once "$port" /by-answer
[ "$fails" = 0 ] || { echo 'changed: expected the head with the first event, with HTTP/1.0 at the end, and elsewhere at once'; exit 1; }

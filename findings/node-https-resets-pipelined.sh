#!/usr/bin/env bash
# Node.js' https server resets a connection whose requests come faster than its answers are read. Its http server waits.
#
# Versions:  Node.js 20.20.2, 24.21.0 and 26.10.0, Linux.
# Behaviour: A client sends 3,000 requests one after the other on one connection, and reads answers only after all of them have
#            been sent, or after a second. Over http the server stops to read when its answers pile up, and goes on when they are read:
#            all 3,000 are answered. Over https the parser gets what was decrypted already while it is paused (HPE_PAUSED, told as
#            `clientError`), and the server resets the connection.
# Seen:      3,000 answers over http. Over https 391 to 1,362, and then a reset or an end at the client (Linux 6.18, amd64).
# Matters:   Clients that pipeline lose connections over TLS that they keep without it, under load alone. In a measurement that is
#            a connection lost by reset, without a word in the server's log.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -subj /CN=localhost -days 2 2> /dev/null
cat > server.cjs <<'JS'
const { readFileSync } = require('node:fs');
const answer = (request, response) => response.end('hello');
const server =
  process.argv[2] === 'https'
    ? require('node:https').createServer({ key: readFileSync('key.pem'), cert: readFileSync('cert.pem') }, answer)
    : require('node:http').createServer(answer);
server.listen(0, '127.0.0.1', () => process.send(server.address().port));
JS
cat > client.cjs <<'JS'
const { fork } = require('node:child_process');
const REQUESTS = 3000;
const request = `GET / HTTP/1.1\r\nHost: localhost\r\nX-Padding: ${'x'.repeat(1000)}\r\n\r\n`;
const scheme = process.argv[2];
const server = fork('server.cjs', [scheme]);
server.on('message', (port) => {
  const options = { port, host: '127.0.0.1', rejectUnauthorized: false };
  let answers = 0;
  const isUp = () => {
    socket.pause();
    for (let i = 0; i < REQUESTS; i++) socket.write(request);
    setTimeout(() => socket.resume(), 1000);
  };
  const end = (how) => {
    console.log(`${answers} answers, then ${how}`);
    server.kill();
    process.exit();
  };
  const socket = scheme === 'https' ? require('node:tls').connect(options, isUp) : require('node:net').connect(options, isUp);
  socket.on('data', (bytes) => {
    answers += bytes.toString('latin1').split('hello').length - 1;
    if (answers >= REQUESTS) end('no more to come');
  });
  socket.on('error', ({ code }) => end(code));
  socket.on('close', () => end('closed'));
});
JS
plain=$(timeout 30 node client.cjs http)
secured=$(timeout 30 node client.cjs https)
echo "http: $plain; https: $secured"
[ "$plain" = '3000 answers, then no more to come' ] || { echo 'changed: expected all answers over http'; exit 1; }
[ "$secured" != "$plain" ] || { echo 'changed: expected an end before all answers over https'; exit 1; }

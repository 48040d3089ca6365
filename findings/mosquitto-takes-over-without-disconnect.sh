#!/usr/bin/env bash
# Mosquitto 2.0.11 closes an MQTT 5 connection whose client id another one takes over, and doesn't tell it why.
#
# Versions:  Mosquitto 2.0.11 (Debian 12; issue 2607 of eclipse-mosquitto says mended in 2.0.15), Node.js 20 or newer.
# Behaviour: Two clients of MQTT 5 connect with ids of their own. A third one connects with the id of the first, and is accepted. The
#            first gets no byte more, only the end (FIN). The standard says that the server sends it a DISCONNECT with reason
#            code 0x8E (142, session taken over), and must close the connection (MQTT 5.0, section 3.1.4, MQTT-3.1.4-3).
# Seen:      first: accepted, then nothing, FIN; other and second: accepted, then nothing, open (Linux 6.18).
# Matters:   Two clients with one id cannot be told from a server that drops connections. Clients that come back by themselves take the
#            id from each other on and on, and a load generator that repeats ids counts connections lost.
set -euo pipefail
said=$(mosquitto -h 2> /dev/null | head -1) || true
[ "$said" = 'mosquitto version 2.0.11' ] || { echo 'needs Mosquitto 2.0.11, as in Debian 12: apt-get install mosquitto' >&2; exit 2; }
folder=$(mktemp -d)
broker=''
cleanup() {
  [ -z "$broker" ] || { kill -TERM "$broker" && wait "$broker"; } 2> /dev/null || true
  rm -rf "$folder"
}
trap cleanup EXIT
cat > "$folder/clients.cjs" <<'JS'
const net = require('node:net');
const port = Number(process.argv[2]);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** MQTT 5 (protocol level 5), clean start, keep-alive of 60 s, no properties. */
function connectPacket(id) {
  const rest = Buffer.from([0, 4, ...Buffer.from('MQTT'), 5, 2, 0, 60, 0, 0, id.length, ...Buffer.from(id)]);
  return Buffer.concat([Buffer.from([0x10, rest.length]), rest]);
}

/** Connects, and notes what comes after the CONNACK, and how the connection ends. */
async function connect(id) {
  const seen = { accepted: false, after: '', end: 'open' };
  const socket = net.connect(port, '127.0.0.1');
  socket.on('error', ({ code }) => (seen.end = code));
  socket.on('end', () => (seen.end = 'FIN'));
  await new Promise((resolve) => {
    socket.once('data', (bytes) => {
      // CONNACK: its type, its length, flags, and the reason code 0 (success).
      seen.accepted = bytes[0] === 0x20 && bytes[3] === 0;
      socket.on('data', (more) => (seen.after += more.toString('hex')));
      resolve();
    });
    socket.write(connectPacket(id));
  });
  return { seen, socket };
}

(async () => {
  const first = await connect('same');
  const other = await connect('other');
  const second = await connect('same');
  await pause(1000);
  for (const [name, { seen }] of Object.entries({ first, other, second })) {
    console.log(`${name}: ${seen.accepted ? 'accepted' : 'refused'}, then ${seen.after || 'nothing'}, ${seen.end}`);
  }
  process.exit();
})();
JS
port=$(node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close(); })")
printf 'listener %d 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest stderr\n' "$port" > "$folder/mosquitto.conf"
timeout 60 mosquitto -c "$folder/mosquitto.conf" 2> "$folder/log" &
broker=$!
until grep -q ' running$' "$folder/log"; do kill -0 "$broker"; sleep 0.1; done
seen=$(timeout 20 node "$folder/clients.cjs" "$port")
echo "$seen"
wanted='first: accepted, then nothing, FIN
other: accepted, then nothing, open
second: accepted, then nothing, open'
[ "$seen" = "$wanted" ] || { echo 'changed: expected FIN alone for the first, and the others open'; exit 1; }

// Says what one connection says to all others. Of what it is to send, each 1,000th is lost and each 1,500th sent twice. It counts
// that, and tells it at /counts.
import { createServer } from 'node:http';
import { WebSocketServer } from 'ws';

const counts = { published: 0, sent: 0, lost: 0, doubled: 0 };
const members = new Set();
let due = 0;

const server = createServer((_, response) => response.end(JSON.stringify(counts)));
const rooms = new WebSocketServer({ server });
rooms.on('connection', (socket) => {
  members.add(socket);
  socket.on('error', () => {});
  socket.on('close', () => members.delete(socket));
  socket.on('message', (data) => {
    counts.published++;
    for (const member of members) if (member !== socket) give(member, data);
  });
});

function give(member, data) {
  due++;
  if (due % 1000 === 0) {
    counts.lost++;
    return;
  }
  const times = due % 1500 === 1 ? 2 : 1;
  counts.doubled += times - 1;
  counts.sent += times;
  for (let i = 0; i < times; i++) member.send(data);
}

await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
process.stdout.write(`${server.address().port}\n`);
process.stdin.resume().on('end', () => process.exit());

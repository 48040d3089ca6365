// Signs in as its makers mean it to be done, and says a line of JSON for each thing that came of it; ends with its input.
import { HttpTransportType, HubConnectionBuilder, LogLevel } from '@microsoft/signalr';
import { Socket } from 'phoenix';
import { WebSocket } from 'ws';

const [, , kind, port] = process.argv;
const say = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);
process.stdin.resume().on('end', () => process.exit(0));

const CLIENTS = {
  phoenix() {
    const socket = new Socket(`ws://127.0.0.1:${port}/socket`, { transport: WebSocket, heartbeatIntervalMs: 1000 });
    socket.onClose(() => say('closed'));
    socket.connect();
    for (const topic of ['room:lobby', 'nothing']) {
      const channel = socket.channel(topic, { user: 'you' });
      channel
        .join()
        .receive('ok', () => say(`${topic} joined`))
        .receive('error', ({ reason }) => {
          say(`${topic} ${reason}`);
          // It would try again.
          channel.leave();
        });
    }
  },
  async signalr() {
    const connection = new HubConnectionBuilder()
      .withUrl(`http://127.0.0.1:${port}/hub`, { transport: HttpTransportType.WebSockets, WebSocket })
      .withKeepAliveInterval(1000)
      .configureLogging(LogLevel.None)
      .build();
    connection.onclose(() => say('closed'));
    await connection.start();
    say('connected');
    say(await connection.invoke('echo', 'hello'));
  },
};
await CLIENTS[kind]();

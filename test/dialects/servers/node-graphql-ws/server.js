// GraphQL over WebSocket. A client that answers none of its ping frames is dropped after 6 s.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { GraphQLObjectType, GraphQLSchema, GraphQLString } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';

const PING_MS = 3000;
const contexts = new Set();
let dropped = 0;

// News that never come.
const silence = {
  next: () => new Promise(() => {}),
  return: async () => ({ done: true, value: undefined }),
  [Symbol.asyncIterator]: () => silence,
};
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { hello: { type: GraphQLString } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { news: { type: GraphQLString, args: { about: { type: GraphQLString } }, subscribe: () => silence } },
  }),
});

const http = createServer();
const server = new WebSocketServer({ server: http, path: '/graphql' });
useServer(
  {
    schema,
    onConnect(context) {
      if (context.connectionParams?.token === 'wrong') return false;
      contexts.add(context);
      return true;
    },
    onClose(context, code) {
      contexts.delete(context);
      if (code === 1006) dropped++;
    },
  },
  server,
  PING_MS,
);

// It ends with whoever started it.
createInterface(process.stdin)
  .on('close', () => process.exit())
  .on('line', () => {
    const clients = [...contexts].filter(({ acknowledged }) => acknowledged);
    const subscriptions = clients.reduce((sum, { subscriptions }) => sum + Object.keys(subscriptions).length, 0);
    process.stdout.write(
      `${JSON.stringify({ clients: clients.length, subscriptions, connections: server.clients.size, dropped })}\n`,
    );
  });
http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 1024 });

// Loaded into a server in Node.js: when SIGUSR2 comes it collects all garbage that there is, and gives back what it had for it. A
// gc() of --expose-gc would leave the young generation as large as it has grown.
const { Session } = require('node:inspector');

const session = new Session();
session.connect();
process.on('SIGUSR2', () => session.post('HeapProfiler.collectGarbage'));

// Loaded into a Node.js tool that is compared: a garbage collection in all its threads when SIGUSR2 comes, so that its
// garbage doesn't pass for what a connection costs it.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');
const { BroadcastChannel, isMainThread } = require('node:worker_threads');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
const channel = new BroadcastChannel('collect');
channel.unref();
channel.onmessage = () => collect();
if (isMainThread) {
  process.on('SIGUSR2', () => {
    channel.postMessage('now');
    collect();
  });
}

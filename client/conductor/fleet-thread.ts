/** What a thread of the fleet runs: a worker, and the collection of its garbage. */
import { parentPort, workerData } from 'node:worker_threads';
import { type WorkerData, work } from '../../fleet/worker/worker.ts';
import { collectGarbage } from '../../memory/collect.ts';

const port = parentPort;
if (port) {
  await work(workerData as WorkerData, { tell: (message) => port.postMessage(message), collectGarbage });
  port.close();
}

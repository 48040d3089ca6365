/** A parent that starts a server with `--until-stdin-ends`, passes its ready line on, and waits to be killed. */
import { spawnServe } from './serve-process.ts';

const child = spawnServe([...process.argv.slice(2), '--json', '--until-stdin-ends']);
child.stdout?.pipe(process.stdout);

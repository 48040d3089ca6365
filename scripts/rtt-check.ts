/** `node dist/scripts/rtt-check.js`: the rig's round trips against an independent client's; ends with 1 when they disagree. */
import { rtt } from './rtt/check.ts';

process.stdout.write(`${rtt.method}\n\n| what | measured | target | |\n|---|---:|---:|---|\n`);
for (const { what, value, target, holds } of await rtt.measure({})) {
  process.stdout.write(
    `| ${what} | ${value} | ${target} | ${target === '' ? '' : holds ? 'holds' : '**falls short**'} |\n`,
  );
  if (!holds) process.exitCode = 1;
}

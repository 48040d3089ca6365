/** `npm run picture`: draws docs/images/rooms.svg, the rooms of the project and which imports which. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { REPOSITORY } from './checks/repository.ts';
import { install } from './needs/install.ts';
import { drawRooms } from './picture/draw.ts';
import { readArrows, reduceArrows } from './picture/rooms.ts';

const say = (sentence: string): boolean => process.stdout.write(`${sentence}\n`);
const missing = await install(['dot'], say);
if (missing === undefined) {
  writeFileSync(join(REPOSITORY, 'docs/images/rooms.svg'), drawRooms(reduceArrows(await readArrows())));
} else {
  say(missing);
  process.exitCode = 1;
}

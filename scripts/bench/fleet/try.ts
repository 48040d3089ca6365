import { measureTakeovers } from './takeover.ts';
import { withStage } from './stage.ts';
process.stdout.write(`${JSON.stringify(await withStage(3, measureTakeovers))}\n`);

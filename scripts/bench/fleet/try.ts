import { withStage } from './stage.ts';
import { measureTakeovers } from './takeover.ts';

process.stdout.write(`${JSON.stringify(await withStage(3, measureTakeovers))}\n`);

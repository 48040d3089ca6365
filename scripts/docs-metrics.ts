/** `npm run docs:metrics`: writes docs/metrics.md anew from the catalogue. */
import { writeFileSync } from 'node:fs';
import { generatedDocs } from './docs/metrics-page.ts';

for (const [path, text] of generatedDocs()) writeFileSync(new URL(`../../${path}`, import.meta.url), text);

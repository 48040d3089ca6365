/** The compiler writes plain files; the `connrig` command wants to be run by name from a checkout (`npx connrig`). */
import { chmodSync, existsSync } from 'node:fs';

const command = new URL('../cli/main.js', import.meta.url);
if (existsSync(command)) chmodSync(command, 0o755);

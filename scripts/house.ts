/**
 * `npm run house`: what no other tool checks of files, names and sentences. With `--all` it shows what is excepted, too; with
 * `--renew` it writes the exceptions anew.
 */
import { runChecks } from './checks/checks.ts';
import { checkNames, readExceptions, withoutExceptions, writeExceptions } from './checks/exceptions.ts';
import { formatProblem } from './checks/problem.ts';

const found = runChecks();
if (process.argv.includes('--renew')) writeExceptions(found);

const exceptions = process.argv.includes('--all') ? {} : readExceptions();
const problems = checkNames().flatMap((check) => withoutExceptions(check, found[check], exceptions));
for (const problem of problems) process.stdout.write(`${formatProblem(problem)}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;

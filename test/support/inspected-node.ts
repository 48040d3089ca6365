import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { TestContext } from 'node:test';

/** A Node.js process that was started with `--inspect`. */
export interface InspectedNode {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Address of its inspector, host:port. */
  readonly address: string;
  /** The next line on its stdout. */
  hear(): Promise<string>;
  /** How it ended: exit code, or signal. */
  readonly ended: Promise<number | string>;
  /** What it wrote to stderr so far. */
  stderr(): string;
}

const LISTENS = /^Debugger listening on ws:\/\/([\d.]+:\d+)\//m;

/** Starts `node --inspect` on a free port with this code; it goes with the test. */
export async function startInspectedNode(t: TestContext, code: string): Promise<InspectedNode> {
  const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', '-e', code], { stdio: ['ignore', 'pipe', 'pipe'] });
  t.after(() => child.kill('SIGKILL'));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = once(child, 'exit').then(([exitCode, signal]) => exitCode ?? signal);
  let said = '';
  const address = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [, found] = LISTENS.exec(said) ?? [];
      if (found !== undefined) resolve(found);
    });
    void ended.then((how) => reject(new Error(`it ended (${how}) before its inspector listened: ${said}`)));
  });
  return { child, pid: child.pid!, address, hear: async () => (await lines.next()).value, ended, stderr: () => said };
}

/** Code, on one line, of a TCP server that holds a Buffer of so many bytes for each connection, and prints its port. */
export const holdingServer = (bytes: number, onConnection = ''): string =>
  [
    `const s=require('net').createServer((c)=>{c.held=Buffer.allocUnsafeSlow(${bytes}).fill(1);`,
    `c.on('error',()=>{});c.resume();${onConnection}});`,
    "s.listen(+(process.env.PORT??0),'127.0.0.1',4096,()=>console.log(s.address().port))",
  ].join('');

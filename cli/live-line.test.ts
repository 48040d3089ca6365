import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import type { Progress } from '../client/progress.ts';
import { dots } from './braille-plot.ts';
import { liveLine } from './live-line.ts';

const ESCAPE = String.fromCharCode(27);
const PARTS = new RegExp(`${ESCAPE}\\[\\d*[AJ]|\\r|\\n|[^${ESCAPE}\\r\\n]+`, 'g');

/** A terminal as a person sees it: what is on its screen after the escapes that we use. */
class Screen extends Writable {
  readonly columns: number;
  readonly rows: number;
  readonly isTTY: boolean;
  readonly lines = [''];
  written = '';
  #row = 0;

  constructor(columns: number, rows: number, isTTY = true) {
    super();
    this.columns = columns;
    this.rows = rows;
    this.isTTY = isTTY;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += String(chunk);
    for (const [part] of String(chunk).matchAll(PARTS)) {
      if (part === '\r') continue;
      if (part === '\n') this.lines[++this.#row] ??= '';
      else if (part.endsWith('A') && part.startsWith(ESCAPE)) this.#row -= Number(part.slice(2, -1));
      else if (part === `${ESCAPE}[J`) this.lines.splice(this.#row, Infinity, '');
      else this.lines[this.#row] += part;
    }
    done();
  }
}

const at = (open: number, more: Partial<Progress> = {}): Progress => ({
  elapsedMs: open,
  launch: 0,
  launches: 1,
  leg: 0,
  legs: 1,
  name: 'tcp',
  protocol: 'tcp',
  phase: 'ramp',
  level: 1000,
  peak: 1000,
  counts: { attempts: open, opening: 0, open, failed: 0, closed: 0 },
  openedPerSecond: 500,
  targetBytes: open * 2048,
  cost: null,
  sharesLost: 0,
  leftMs: 60_000,
  ...more,
});

describe('dots', () => {
  it('puts what is 0 in the lower left and the most in the upper right corner', () => {
    const bounds = { xMost: 10, yMost: 10 };
    const lines = dots(
      [0, 10].map((x) => ({ x, y: x })),
      bounds,
      { columns: 3, rows: 2 },
    );
    assert.deepEqual(lines, ['⠀⠀⠈', '⡀⠀⠀']);
  });

  it('draws a line of slope 1 as one dot in each column', () => {
    const points = Array.from({ length: 8 }, (_, x) => ({ x, y: x }));
    assert.deepEqual(dots(points, { xMost: 7, yMost: 7 }, { columns: 4, rows: 2 }), ['⠀⠀⡠⠊', '⡠⠊⠀⠀']);
  });
});

describe('progress on a terminal', () => {
  it('grows a plot of RAM against connections where there is room', () => {
    const screen = new Screen(100, 40);
    const line = liveLine(screen);
    for (let open = 0; open <= 1000; open += 50) line.show(at(open));
    assert.equal(screen.lines.length, 8);
    assert.match(screen.lines[0]!, /2\.0 MiB │⠀+.*[^⠀]$/);
    assert.match(screen.lines[5]!, / 0 │[^⠀]/);
    assert.match(screen.lines[6]!, /└0─+1,000 open$/);
    assert.match(screen.lines[7]!, /^tcp ramp 1,000 · open 1,000 · /);
  });

  it('puts a note above it and leaves nothing behind but notes', () => {
    const screen = new Screen(100, 40);
    const line = liveLine(screen);
    for (const open of [0, 500, 1000]) line.show(at(open));
    line.note('something to know');
    assert.equal(screen.lines[0], 'something to know');
    assert.equal(screen.lines.length, 9);
    line.show(at(1000));
    assert.equal(screen.lines.length, 9);
    line.end();
    assert.deepEqual(screen.lines, ['something to know', '']);
  });

  it('is one line in a small terminal, and where the memory is not known', () => {
    for (const [screen, targetBytes] of [
      [new Screen(79, 40), 5e6],
      [new Screen(100, 19), 5e6],
      [new Screen(100, 40), null],
    ] as const) {
      const line = liveLine(screen);
      for (const open of [0, 500, 1000]) line.show(at(open, { targetBytes }));
      assert.equal(screen.lines.length, 1);
      assert.ok(screen.lines[0]!.length < screen.columns);
    }
  });

  it('begins anew with each leg', () => {
    const screen = new Screen(100, 40);
    const line = liveLine(screen);
    for (const open of [0, 500, 1000]) line.show(at(open));
    line.show(at(0, { leg: 1 }));
    assert.equal(screen.lines.length, 1);
  });

  it('writes no escapes and no plot to anything else, and a line each 10 s at most', () => {
    for (const [log, env] of [
      [new Screen(100, 40, false), { TERM: 'xterm' }],
      [new Screen(100, 40, true), { TERM: 'dumb' }],
    ] as const) {
      const line = liveLine(log, env);
      for (let elapsedMs = 0; elapsedMs <= 30_000; elapsedMs += 200) {
        line.show(at(elapsedMs / 30, { elapsedMs, phase: elapsedMs % 400 === 0 ? 'ramp' : 'hold' }));
      }
      line.note('something to know');
      line.end();
      assert.equal(log.written.includes(ESCAPE) || log.written.includes('\r'), false);
      const opened = log.lines.map((text) => /^tcp (?:ramp|hold) 1,000 · opening 0, open ([\d,]+), /.exec(text)?.[1]);
      assert.deepEqual(opened.slice(0, 4), ['0', '333', '667', '1,000']);
      assert.deepEqual(log.lines.slice(4), ['something to know', '']);
    }
  });

  it('is never coloured, so that NO_COLOR has nothing to forbid', () => {
    const screen = new Screen(100, 40);
    const line = liveLine(screen, { TERM: 'xterm-256color' });
    for (const open of [0, 500, 1000]) line.show(at(open));
    line.end();
    assert.ok(screen.written.includes(`${ESCAPE}[J`));
    assert.doesNotMatch(screen.written, /\[[\d;]*m/);
  });

  it('has the time left and the cost so far in 80 columns, and leaves out the rest', () => {
    const busy = {
      name: 'ws-2',
      phase: 'settle',
      level: 1_000_000,
      counts: { attempts: 1_100_000, opening: 512, open: 999_488, failed: 1234, closed: 98_766 },
      targetBytes: 9.9 * 2 ** 30,
      cost: { bytes: 26_317, low: 26_112, high: 26_522 },
      leftMs: 754_000,
    } as const;
    const lineIn = (columns: number, more: Partial<Progress> = {}): string => {
      const screen = new Screen(columns, 10);
      liveLine(screen).show(at(0, { ...busy, ...more }));
      return screen.lines[0]!;
    };
    const cost = 'one more 25.7 KiB (25.5 to 25.9)';
    const brief = 'open 999,488, failed 1,234';
    assert.equal(lineIn(120), `ws-2 settle 1,000,000 · ${brief} · ${cost} · about 12m34s left`);
    assert.equal(lineIn(80), `ws-2 settle 1,000,000 · ${cost} · about 12m34s left`);
    assert.match(lineIn(200, { sharesLost: 1 }), /^ws-2 settle 1,000,000 · 1 share of the fleet lost · opening 512, /);
    assert.match(lineIn(70, { sharesLost: 2 }), /^ws-2 settle 1,000,000 · about/);
    assert.match(lineIn(120, { sharesLost: 2 }), /^ws-2 settle 1,000,000 · 2 shares of the fleet lost · /);
    const second = { launch: 1, launches: 5 };
    assert.match(lineIn(200, second), /^launch 2 of 5: ws-2 settle 1,000,000 · opening 512, /);
    assert.equal(lineIn(82, second), `2/5 ws-2 settle 1,000,000 · ${cost} · about 12m34s left`);
    assert.equal(lineIn(80, second), `ws-2 settle 1,000,000 · ${cost} · about 12m34s left`);
    assert.equal(lineIn(60), 'ws-2 settle 1,000,000 · about 12m34s left');
    assert.match(lineIn(200), /closed 98,766 · 500\/s · target 9\.9 GiB · one more 25\.7 KiB .* · about 12m34s left$/);
  });
});

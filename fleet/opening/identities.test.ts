import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataOrder } from '../../core/opening/data-order.ts';
import { parseTemplate, type Template } from '../../core/opening/template.ts';
import { Identities } from './identities.ts';
import { Numbers } from './numbers.ts';
import { RowsWriter } from './rows.ts';

const COLUMNS = ['user', 'token'];
const parse = (text: string, inside: 'text' | 'json' | 'url' = 'text'): Template =>
  parseTemplate(text, { columns: COLUMNS, taken: ['sid'], env: {}, onSecret: () => undefined }, [], inside);

function identitiesOver(rowCount: number, order: DataOrder, total = rowCount): Identities {
  const writer = new RowsWriter(COLUMNS, 0);
  for (let i = 1; i <= rowCount; i++) writer.add([`user"${i}"`, `secret-${i}`]);
  return new Identities(64, {
    numbers: Numbers.allocate(total),
    total,
    rows: writer.finish(),
    order,
    seed: 12345,
    first: 0,
    step: 1,
    secrets: ['of-the-env'],
  });
}

test('each connection has a row of its own, and the next one the row of one that is gone', () => {
  const identities = identitiesOver(3, 'each');
  for (const slot of [10, 11, 12]) identities.assign(slot, identities.takeNumber());
  assert.equal(identities.takeNumber(), 0);
  const said = (slot: number): string => identities.fill(slot, parse('{n}:{token}')).toString();
  assert.deepEqual([10, 11, 12].map(said), ['1:secret-1', '2:secret-2', '3:secret-3']);
  identities.release(11);
  identities.assign(5, identities.takeNumber());
  assert.equal(said(5), '2:secret-2');
});

test('numbers of fleets that have a run in common lie between each other', () => {
  const said = [0, 1, 2].flatMap((first) => {
    const options = { total: 4, rows: undefined, order: 'each', seed: 1, first, step: 3, secrets: [] } as const;
    const identities = new Identities(4, { ...options, numbers: Numbers.allocate(4), fleet: { first, step: 3 } });
    return [0, 1, 2, 3].map((slot) => {
      identities.assign(slot, identities.takeNumber());
      return [identities.numberOf(slot), Number(identities.fill(slot, parse('{n}')))];
    });
  });
  assert.ok(said.every(([number, written]) => number === written));
  assert.deepEqual(
    said.map(([number]) => number).sort((a, b) => a! - b!),
    [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
});

test('rows go round, or are any of them', () => {
  const cycle = identitiesOver(2, 'cycle', 50);
  for (let slot = 0; slot < 5; slot++) cycle.assign(slot, cycle.takeNumber());
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((slot) => cycle.fill(slot, parse('{token}')).toString()),
    ['secret-1', 'secret-2', 'secret-1', 'secret-2', 'secret-1'],
  );
  const random = identitiesOver(4, 'random', 50);
  const drawn = Array.from({ length: 50 }, (_, slot) => {
    random.assign(slot, random.takeNumber());
    return random.fill(slot, parse('{token}')).toString();
  });
  assert.deepEqual([...new Set(drawn)].sort(), ['secret-1', 'secret-2', 'secret-3', 'secret-4']);
});

test('values are made fit for where they stand', () => {
  const identities = identitiesOver(1, 'each');
  identities.assign(0, identities.takeNumber());
  assert.equal(identities.fill(0, parse('{user}')).toString(), 'user"1"');
  assert.equal(identities.fill(0, parse('{"u":"{user}"}', 'json')).toString(), '{"u":"user\\"1\\""}');
  assert.equal(identities.fill(0, parse('/a?u={user}', 'url')).toString(), '/a?u=user%221%22');
});

test('what is random is the same for one connection as long as it lives, and differs from all others', () => {
  const identities = identitiesOver(20, 'each');
  const said = new Set<string>();
  for (let slot = 0; slot < 20; slot++) {
    identities.assign(slot, identities.takeNumber());
    const text = identities.fill(slot, parse('{uuid} {random:10}')).toString();
    assert.match(text, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12} [a-z0-9]{10}$/);
    assert.equal(identities.fill(slot, parse('{uuid} {random:10}')).toString(), text);
    said.add(text);
  }
  assert.equal(said.size, 20);
  const before = identities.fill(0, parse('{uuid}')).toString();
  identities.release(0);
  identities.assign(0, identities.takeNumber());
  assert.notEqual(identities.fill(0, parse('{uuid}')).toString(), before);
});

test('what an answer had fills holes until it is forgotten', () => {
  const identities = identitiesOver(1, 'each');
  identities.assign(0, identities.takeNumber());
  identities.keepTaken(0, 'sid', 'a b');
  assert.equal(identities.fill(0, parse('/x?id={sid}', 'url')).toString(), '/x?id=a%20b');
  assert.equal(identities.hide(0, 'no such session a b'), 'no such session ***');
  identities.forgetTaken(0);
  assert.equal(identities.fill(0, parse('{sid}')).toString(), '');
});

test('words for people have no value of the connection in them, in any form that it was sent', () => {
  const identities = identitiesOver(2, 'each');
  identities.assign(0, identities.takeNumber());
  const text = 'HTTP 401: user"1" {"user":"user\\"1\\""} ?u=user%221%22 secret-1 of-the-env, not secret-2';
  assert.equal(identities.hide(0, text), 'HTTP 401: *** {"user":"***"} ?u=*** *** ***, not secret-2');
});

test('a value that was cut in words for people is hidden, too, and one whose bytes were taken for characters', () => {
  const identities = identitiesOver(2, 'each');
  identities.assign(0, identities.takeNumber());
  identities.keepTaken(0, 'sid', 'schlüssel');
  assert.equal(identities.hide(0, 'it begins with "is secret-"'), 'it begins with "is ***"');
  assert.equal(identities.hide(0, 'it begins with "schlÃ¼ssel"'), 'it begins with "***"');
  identities.keepTaken(0, 'sid', '\ud800');
  assert.equal(identities.hide(0, 'HTTP 401'), 'HTTP 401');
});

test('a text longer than any before is filled in whole', () => {
  const identities = identitiesOver(1, 'each');
  identities.assign(0, identities.takeNumber());
  const long = 'x'.repeat(10_000);
  assert.equal(identities.fill(0, parse(`${long}{token}${long}`)).toString(), `${long}secret-1${long}`);
});

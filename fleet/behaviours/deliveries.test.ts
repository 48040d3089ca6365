import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HISTOGRAM_BUCKETS, toSparse } from '../../core/stats/histogram.ts';
import { DeliveryBook } from '../local/delivery-book.ts';
import { keptFor, Publications } from '../local/publications.ts';
import { TallyWriter } from '../local/shared.ts';
import { Deliveries } from './deliveries.ts';

test('what a thread whose clock is ahead has planned takes no time at all, and no less', () => {
  const kept = keptFor(1, 1000);
  const publications = new Publications(Publications.allocate(kept));
  const book = new DeliveryBook(DeliveryBook.allocate(kept), kept);
  const tally = new TallyWriter(TallyWriter.allocate());
  const delays = new Uint32Array(HISTOGRAM_BUCKETS);
  const deliveries = new Deliveries({ slots: 2, withinMs: 1000, publications, book, tally, delays, now: () => 500 });
  deliveries.opened(0);
  publications.add(1, 500.4, 500.4);
  deliveries.look();
  deliveries.received(0, 1, 500.4, 500);
  const { firstMs, lastMs, reached } = book.shareOf(1)!;
  assert.deepEqual([firstMs, lastMs, reached], [0, 0, 1]);
  assert.deepEqual(toSparse(delays), [[0, 1]]);
  assert.equal(book.sample.delaysMs[0], 0);
});

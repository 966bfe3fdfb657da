import { describe, expect, test } from 'vitest';
import { LogCursorFailure } from '../../src/core/failure.ts';
import { type LogEntry, severities } from '../../src/core/log-entry.ts';
import type { LogFollowQuery, LogQuery, LogStore } from '../../src/ports/log-store.ts';

/** What every log store promises. `open` makes one that is empty. */
export function describeLogStore(name: string, open: () => Promise<LogStore>): void {
  describe(`${name} as a log store`, () => {
    test('entries come back as they were appended', async () => {
      await using store = await open();
      const entries = [
        ...severities.map((severity, position) => entry({ severity, timestamp: position })),
        entry({ type: 'HTTP_REQUEST', timestamp: 100, details: request }),
        entry({ type: 'APPLICATION_JSON', timestamp: 101, details: odd }),
        entry({ applicationName: "o'neill ☃", timestamp: 102, details: {} }),
      ];
      await store.append(entries);
      expect(await store.query(all())).toEqual({ entries });
    });

    test('appending nothing is fine', async () => {
      await using store = await open();
      await store.append([]);
      expect(await store.query(all())).toEqual({ entries: [] });
    });

    test('entries are ordered by time, and those of one moment as they came', async () => {
      await using store = await open();
      await store.append(texts([3, 'c'], [1, 'a1']));
      await store.append(texts([2, 'b1'], [1, 'a2'], [2, 'b2']));
      const { entries } = await store.query(all());
      expect(entries.map(textOf)).toEqual(['a1', 'a2', 'b1', 'b2', 'c']);
    });

    test('a query sees one deployment, one application and one span of time, both ends included', async () => {
      await using store = await open();
      await store.append([
        ...texts([1, 'early'], [2, 'first'], [3, 'last'], [4, 'late']),
        entry({ timestamp: 2, applicationName: 'other' }),
        entry({ timestamp: 2, deploymentId: 'other' }),
      ]);
      const { entries } = await store.query(all({ applicationName: 'app', from: 2, to: 3 }));
      expect(entries.map(textOf)).toEqual(['first', 'last']);
      expect((await store.query(all({ from: 2, to: 3 }))).entries).toHaveLength(3);
    });

    test('pages join without a gap or a repetition', async () => {
      await using store = await open();
      const numbers = Array.from({ length: 25 }, (_, number) => number);
      // Several of one moment, so that a page ends among them.
      await store.append(
        texts(...numbers.map((number) => [Math.floor(number / 7), `${number}`] as const)),
      );
      for (const applicationName of [undefined, 'app']) {
        const query = applicationName === undefined ? all() : all({ applicationName });
        const pages = await readPages(store, { ...query, limit: 5 });
        expect(pages.map((page) => page.length)).toEqual([5, 5, 5, 5, 5]);
        expect(pages.flat().map(textOf)).toEqual(numbers.map(String));
      }
    });

    test('entries that come while somebody pages are on a later page', async () => {
      await using store = await open();
      await store.append(texts([1, 'a'], [2, 'b']));
      const { next = '' } = await store.query(all({ limit: 1 }));
      await store.append(texts([3, 'c']));
      const { entries } = await store.query(all({ after: next }));
      expect(entries.map(textOf)).toEqual(['b', 'c']);
    });

    test('a position that no page gave is refused', async () => {
      await using store = await open();
      await store.append(texts([1, 'a'], [2, 'b']));
      const { next = '' } = await store.query(all({ limit: 1 }));
      for (const after of ['', 'foreign', `${next}A`, ` ${next}`, 'x'.repeat(100_000)])
        await expect(store.query(all({ after }))).rejects.toThrow(LogCursorFailure);
    });

    test('pruning forgets what is older and what belongs to the deployments named', async () => {
      await using store = await open();
      const old = Array.from({ length: 5000 }, () => entry({ timestamp: 1 }));
      await store.append([...old, ...texts([2, 'kept'])]);
      await store.append([entry({ deploymentId: 'gone', timestamp: 3 })]);
      await store.append([entry({ deploymentId: 'other', timestamp: 3 })]);
      await store.prune({ before: 2, deployments: ['gone', 'unknown'] });
      expect((await store.query(all())).entries.map(textOf)).toEqual(['kept']);
      expect((await store.query(all({ deploymentId: 'gone' }))).entries).toEqual([]);
      expect((await store.query(all({ deploymentId: 'other' }))).entries).toHaveLength(1);
    });

    test('who follows sees everything once, in the order in which it came', async () => {
      await using store = await open();
      await store.append(texts([1, 'before']));
      const after = await store.position({ deploymentId: 'deployment' });
      await store.append(texts([9, 'a'], [3, 'b'], [5, 'c']));
      await store.append([entry({ deploymentId: 'other' })]);
      await store.append(texts([2, 'late'], [9, 'd']));

      const seen = await readArrivals(store, follow({ after, limit: 2 }));
      expect(seen.map(textOfArrival)).toEqual(['a', 'b', 'c', 'late', 'd']);
      for (const [position, arrival] of seen.entries()) {
        const rest = await readArrivals(store, follow({ after: arrival.position }));
        expect(rest).toEqual(seen.slice(position + 1));
      }
      const whole = await store.follow(follow({ after }));
      expect(whole).toMatchObject({ next: seen.at(-1)?.position, isMore: false });
      expect(await store.follow(follow({ after: whole.next }))).toEqual({
        arrivals: [],
        next: whole.next,
        isMore: false,
      });
    });

    test('who follows gets past what is not wanted', async () => {
      await using store = await open();
      const after = await store.position({ deploymentId: 'deployment' });
      await store.append([
        ...Array.from({ length: 3000 }, () => entry({ applicationName: 'other' })),
        entry({ timestamp: 4, severity: 'ERROR', details: { message: 'old' } }),
        entry({ timestamp: 6, severity: 'INFO', details: { message: 'harmless' } }),
        entry({ timestamp: 5, severity: 'ERROR', details: { message: 'bad' } }),
        entry({ timestamp: 5, severity: 'ALERT', details: { message: 'worse' } }),
      ]);
      const wanted = follow({
        after,
        applicationName: 'app',
        severities: ['ERROR', 'ALERT'],
        from: 5,
      });
      const seen = await readArrivals(store, wanted);
      expect(seen.map(textOfArrival)).toEqual(['bad', 'worse']);
      const { arrivals, next, isMore } = await store.follow(
        follow({ after, applicationName: 'nobody' }),
      );
      expect([arrivals, isMore]).toEqual([[], true]);
      expect(next).not.toBe(after);
    });

    test('who follows from a moment on begins with what is not older, whenever it came', async () => {
      await using store = await open();
      await store.append(texts([1, 'a'], [7, 'b'], [2, 'c'], [5, 'd']));
      const from = async (moment: number) => {
        const after = await store.position({ deploymentId: 'deployment', from: moment });
        return (await readArrivals(store, follow({ after, from: moment }))).map(textOfArrival);
      };
      expect(await from(0)).toEqual(['a', 'b', 'c', 'd']);
      expect(await from(5)).toEqual(['b', 'd']);
      expect(await from(8)).toEqual([]);
    });

    test('who follows misses nothing though entries are forgotten meanwhile', async () => {
      await using store = await open();
      await store.append(texts([1, 'a']));
      await store.append([entry({ deploymentId: 'gone' }), entry({ deploymentId: 'gone' })]);
      const after = await store.position({ deploymentId: 'deployment' });
      for (const round of [1, 2, 3]) {
        await store.prune({ before: 0, deployments: ['gone'] });
        await store.prune({ before: 1_000 });
        await store.append(texts([2_000, `b${round}`]));
        await store.append([entry({ deploymentId: 'gone', timestamp: 2_000 })]);
      }
      const seen = await readArrivals(store, follow({ after }));
      expect(seen.map(textOfArrival)).toEqual(['b1', 'b2', 'b3']);
      expect((await store.query(all({ to: 3_000 }))).entries).toHaveLength(3);
    });

    test('a position that is none is refused', async () => {
      await using store = await open();
      for (const after of ['', 'foreign', '-1', ' 1', '1'.repeat(100_000)])
        await expect(store.follow(follow({ after }))).rejects.toThrow(LogCursorFailure);
    });

    test('whoever watches hears of an append', async () => {
      await using store = await open();
      const heard = Promise.withResolvers<void>();
      const unwatch = store.watch(heard.resolve);
      await store.append(texts([1, 'a']));
      await heard.promise;
      unwatch();
    });
  });
}

const request = {
  requestMethod: 'GET',
  requestUrl: 'https://service-1.example/x?y=%20',
  status: 200,
  userAgent: 'curl/8',
  latency: '0.123s',
};

const odd = {
  message: 'a\u0000b\n"\\ ☃ \u{1f600} \ud800',
  nested: { list: [1, 1.5e300, null, true, '', { '': {} }], deploymentId: 'mine' },
  large: 'x'.repeat(300_000),
};

function entry(more: Partial<LogEntry>): LogEntry {
  return {
    type: 'APPLICATION_TEXT',
    deploymentId: 'deployment',
    applicationName: 'app',
    severity: 'DEFAULT',
    timestamp: 0,
    details: { message: 'hello' },
    ...more,
  };
}

function texts(...lines: readonly (readonly [timestamp: number, message: string])[]): LogEntry[] {
  return lines.map(([timestamp, message]) => entry({ timestamp, details: { message } }));
}

function textOf(entry: LogEntry): unknown {
  return entry.details['message'];
}

function all(more: Partial<LogQuery> = {}): LogQuery {
  return { deploymentId: 'deployment', from: 0, to: 1_000_000, limit: 100, ...more };
}

function follow(more: Partial<LogFollowQuery>): LogFollowQuery {
  return { deploymentId: 'deployment', after: '', limit: 100, ...more };
}

type Arrival = Awaited<ReturnType<LogStore['follow']>>['arrivals'][number];

function textOfArrival({ entry: arrived }: Arrival): unknown {
  return textOf(arrived);
}

async function readArrivals(store: LogStore, query: LogFollowQuery): Promise<readonly Arrival[]> {
  const seen: Arrival[] = [];
  let { after } = query;
  for (let look = 0; look < 20; look += 1) {
    const page = await store.follow({ ...query, after });
    seen.push(...page.arrivals);
    after = page.next;
    if (!page.isMore) return seen;
  }
  throw new Error('It does not come to an end');
}

async function readPages(store: LogStore, query: LogQuery): Promise<LogEntry[][]> {
  const pages: LogEntry[][] = [];
  let after: string | undefined;
  do {
    const page = await store.query(after === undefined ? query : { ...query, after });
    pages.push([...page.entries]);
    after = page.next;
  } while (after !== undefined && pages.length < 20);
  return pages;
}

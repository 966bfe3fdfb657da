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

    test('a query sees the severities it asks for, however rare they are', async () => {
      await using store = await open();
      const numbers = Array.from({ length: 3000 }, (_, number) => number);
      await store.append(
        numbers.map((number) =>
          entry({
            timestamp: number,
            severity: number % 1000 === 999 ? 'ALERT' : number % 2 === 0 ? 'INFO' : 'ERROR',
            applicationName: number < 2000 ? 'app' : 'other',
          }),
        ),
      );
      const times = async (query: Partial<LogQuery>) =>
        (await readPages(store, all({ limit: 2, ...query })))
          .flat()
          .map(({ timestamp }) => timestamp);
      expect(await times({ severities: ['ALERT'] })).toEqual([999, 1999, 2999]);
      expect(await times({ severities: ['ALERT'], applicationName: 'app' })).toEqual([999, 1999]);
      expect(await times({ severities: ['ALERT', 'INFO'], from: 996, to: 1000 })).toEqual([
        996, 998, 999, 1000,
      ]);
      expect(await times({ severities: ['NOTICE'] })).toEqual([]);
    });

    test('pages join where entries of one time came in many appends, and long after their moment', async () => {
      await using store = await open();
      const numbers = Array.from({ length: 600 }, (_, number) => number);
      const timeOf = (number: number) => (number * 7919) % 101;
      for (const number of numbers)
        await store.append([
          entry({
            applicationName: number % 3 === 0 ? 'other' : 'app',
            timestamp: timeOf(number) * 1000,
            details: { number },
          }),
        ]);
      const expected = numbers.toSorted((a, b) => timeOf(a) - timeOf(b) || a - b);
      const pages = await readPages(store, all({ limit: 50 }));
      expect(pages.flat().map(({ details }) => details['number'])).toEqual(expected);
    });

    test('output is kept line by line as an application has printed it', async () => {
      await using store = await open();
      const origin = { deploymentId: 'deployment', applicationName: 'app' };
      await store.collect([
        { ...origin, timestamp: 5, secrets: [], output: 'first\r\n{"level":"warn","msg":"two"}' },
        { ...origin, timestamp: 6, secrets: [], output: '' },
        entry({ timestamp: 7, type: 'HTTP_REQUEST', details: request }),
        { ...origin, timestamp: 8, secrets: [], output: '\u001b[31merror: red\u001b[0m' },
      ]);
      const said = [
        entry({ timestamp: 5, details: { message: 'first' } }),
        entry({
          timestamp: 5,
          type: 'APPLICATION_JSON',
          severity: 'WARNING',
          details: { level: 'warn', msg: 'two' },
        }),
        entry({ timestamp: 6, details: { message: '' } }),
        entry({ timestamp: 7, type: 'HTTP_REQUEST', details: request }),
        entry({ timestamp: 8, severity: 'ERROR', details: { message: 'error: red' } }),
      ];
      expect(await store.query(all())).toEqual({ entries: said });
    });

    test('secrets are taken out of output, wherever a line would be cut, and of nobody else’s', async () => {
      await using store = await open();
      const origin = { deploymentId: 'deployment', applicationName: 'app', timestamp: 1 };
      const secrets = [{ key: 'TOKEN', value: 'very-secret' }];
      const long = `${'x'.repeat(64 * 1024 - 4)}very-secret`;
      await store.collect([
        {
          ...origin,
          secrets,
          output: `it is very-secret\n{"a":{"b":["very\\u002dsecret"]}}\n${long}`,
        },
        { ...origin, secrets: [], output: 'very-secret' },
      ]);
      const [text, json, cut, other] = (await store.query(all())).entries.map(
        ({ details }) => details,
      );
      expect(text).toEqual({ message: 'it is [secret TOKEN]' });
      expect(json).toEqual({ a: { b: ['[secret TOKEN]'] } });
      expect(cut?.['message']).toMatch(/x\[sec… \(line cut\)$/);
      expect(other).toEqual({ message: 'very-secret' });
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
      await store.append([...old, ...texts([20_000, 'kept'])]);
      await store.append([entry({ deploymentId: 'gone', timestamp: 30_000 })]);
      await store.append([entry({ deploymentId: 'other', timestamp: 30_000 })]);
      await store.prune({ before: 20_000, deployments: ['gone', 'unknown'] });
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
        forgotten: 0,
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
      const { arrivals, next } = await store.follow(follow({ after, applicationName: 'nobody' }));
      expect(arrivals).toEqual([]);
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

    test('who follows all deployments learns how much was forgotten before', async () => {
      await using store = await open();
      const nobody = { deploymentId: 'gone', from: 0 };
      const begin = await store.position(nobody);
      await store.append([entry({ deploymentId: 'gone' }), entry({ deploymentId: 'gone' })]);
      await store.append(texts([1, 'a'], [2, 'b']));
      await store.append([entry({ deploymentId: 'gone' })]);
      await store.append([entry({ deploymentId: 'other', timestamp: 3 })]);
      const first = await store.follow({ after: begin, limit: 1 });
      expect(first).toMatchObject({ forgotten: 0, isMore: true });
      await store.prune({ before: 0, deployments: ['gone'] });
      const rest = await store.follow({ after: first.next, limit: 100 });
      expect(rest.forgotten).toBe(2);
      expect(rest.arrivals.map(({ entry: one }) => one.timestamp)).toEqual([1, 2, 3]);
      const again = await store.follow({ after: rest.arrivals[0]?.position ?? '', limit: 1 });
      expect(again.arrivals.map(({ entry: one }) => textOf(one))).toEqual(['b']);
      expect(again.forgotten).toBe(0);
      expect(await store.follow({ after: rest.next, limit: 100 })).toEqual({
        arrivals: [],
        next: rest.next,
        isMore: false,
        forgotten: 0,
      });
    });

    test('a place is kept until the next one is', async () => {
      await using store = await open();
      expect(await store.places.get('export')).toBeUndefined();
      await store.append(texts([1, 'a']));
      const { next } = await store.follow(follow({ after: '0' }));
      for (const position of ['0', next]) {
        await store.places.put('export', position);
        expect(await store.places.get('export')).toBe(position);
      }
      expect(await store.places.get('another')).toBeUndefined();
      await expect(store.places.put('export', 'foreign')).rejects.toThrow(LogCursorFailure);
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
  } while (after !== undefined && pages.length < 50);
  return pages;
}

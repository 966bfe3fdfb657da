import type { Wrap } from '../../src/compose/plane.ts';
import type { Change } from '../../src/ports/store.ts';

/** Comes to a named place of Berth's work; whatever is to go wrong there goes wrong now. */
export type Reach = (point: string) => Promise<void>;

/**
 * Every call with which a plane changes the world is a place where it can die: before the call, and after it, when the world
 * has changed and nobody has written it down. A step of an operation has three: it has begun, its work is done but not
 * recorded, it is recorded.
 */
export function faultyPorts(reach: Reach): Wrap {
  return (port, part) => {
    const methods = watched[port] ?? {};
    return new Proxy(part, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name, target);
        if (typeof value !== 'function') return value;
        const method = value.bind(target) as Method;
        const points = typeof name === 'string' ? methods[name] : undefined;
        return points === undefined ? method : around(method, points, reach);
      },
    });
  };
}

type Method = (...args: readonly unknown[]) => Promise<unknown>;

/** Where a call of the method leads past. `after` may depend on what it answered. */
interface Points {
  readonly before: (args: readonly unknown[]) => readonly string[];
  readonly after: (args: readonly unknown[], result: unknown) => readonly string[];
}

function around(method: Method, points: Points, reach: Reach): Method {
  return async (...args) => {
    for (const point of points.before(args)) await reach(point);
    const result = await method(...args);
    for (const point of points.after(args, result)) await reach(point);
    return result;
  };
}

function plain(name: string): Points {
  return { before: () => [`${name}: before`], after: () => [`${name}: after`] };
}

const watched: Readonly<Record<string, Readonly<Record<string, Points>>>> = {
  store: { commit: { before: pointsBeforeCommit, after: pointsAfterCommit } },
  logs: {
    append: plain('logs appended'),
    collect: plain('logs collected'),
    prune: plain('logs pruned'),
  },
  events: {
    publish: plain('message published'),
    settle: plain('deliveries settled'),
    removeTopic: plain('topic removed'),
    // A broker that is asked for nothing is asked all the time.
    claim: {
      before: () => [],
      after: (_, claimed) =>
        Array.isArray(claimed) && claimed.length > 0 ? ['messages claimed: after'] : [],
    },
  },
  runtime: {
    start: plain('instance started'),
    stop: plain('instance stopped'),
    runOnce: plain('script run'),
  },
  builder: { build: plain('artifact built'), openWorkspace: plain('workspace opened') },
  source: { resolve: plain('tag resolved'), checkout: plain('commit checked out') },
};

function pointsBeforeCommit([changes]: readonly unknown[]): readonly string[] {
  return namesOf(changes as readonly Change[]).flatMap(({ name, at }) =>
    at === 'begin' ? [] : [`${name}: ${at === 'end' ? 'in the middle' : 'before'}`],
  );
}

function pointsAfterCommit([changes]: readonly unknown[]): readonly string[] {
  return namesOf(changes as readonly Change[]).map(({ name, at }) =>
    at === 'begin' ? `${name}: before` : `${name}: after`,
  );
}

interface CommitName {
  readonly name: string;
  /** Of a step: its begin or its end. */
  readonly at: 'begin' | 'end' | 'other';
}

function namesOf(changes: readonly Change[]): readonly CommitName[] {
  const steps = changes.flatMap((change): readonly CommitName[] => {
    if (change.kind === 'begin-step') return [{ name: `step ${change.step}`, at: 'begin' }];
    if (change.kind === 'put-step') return [{ name: `step ${change.step.name}`, at: 'end' }];
    if (change.kind === 'finish-operation') return [{ name: 'operation finished', at: 'other' }];
    if (change.kind === 'insert-operation') return [{ name: 'request accepted', at: 'other' }];
    return [];
  });
  if (steps.length > 0) return steps;
  const names = new Set(changes.flatMap(nameOf));
  return [...names].map((name) => ({ name, at: 'other' }));
}

function nameOf(change: Change): readonly string[] {
  switch (change.kind) {
    case 'set-release-state':
      return [`release ${change.state}`];
    case 'put-instance':
      return [`instance ${change.instance.state}`];
    case 'set-address-state':
      return [`address ${change.state}`];
    case 'put-entries':
    case 'append-audit-log':
    case 'put-token':
      return [];
    default:
      return [change.kind];
  }
}

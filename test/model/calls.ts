import fc from 'fast-check';
import type { CreateCall, RedeployCall, RollbackCall, Values } from './reference.ts';

/** One call of a sequence. `target` picks one of the Deployments that the sequence has made so far, gone ones too. */
export type Call =
  | { readonly call: 'create'; readonly draft: CreateCall }
  | { readonly call: 'redeploy'; readonly target: number; readonly change: RedeployCall }
  | { readonly call: 'rollback'; readonly target: number; readonly change: RollbackCall }
  | { readonly call: 'delete' | 'cancel' | 'revisions'; readonly target: number }
  | { readonly call: 'get' | 'get-by-key' | 'logs'; readonly target: number }
  | { readonly call: 'foreign'; readonly target: number; readonly method: 'GET' | 'DELETE' }
  | { readonly call: 'query'; readonly limit: number; readonly offset: number };

/** A call, and whether an operation comes to its end behind it. */
export interface Move {
  readonly call: Call;
  readonly after: 'nothing' | 'succeed' | 'fail';
}

const target = fc.nat({ max: 7 });
const text = fc.constantFrom('a', 'b', '', '****');

/** Now and then a key that nobody knows. */
const picked = (keys: readonly string[]) =>
  fc.dictionary(
    fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...keys) }, fc.constant('UNKNOWN')),
    text,
    { maxKeys: 2, noNullPrototype: true },
  );
const webValues: fc.Arbitrary<Values> = fc.record({
  standard: picked(['VALUE', 'NEEDED', 'MODE', 'NOTE']),
  secured: picked(['TOKEN', 'SPARE']),
});
const globalValues: fc.Arbitrary<Values> = fc.record({
  standard: picked(['PLACE', 'STREET']),
  secured: picked(['SHARED']),
});
const noValues: fc.Arbitrary<Values> = fc.constant({ standard: {}, secured: {} });

const applications = fc
  .uniqueArray(
    fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom('web', 'pictures', 'handler', 'tick') },
      { weight: 1, arbitrary: fc.constant('nobody') },
    ),
    { maxLength: 3 },
  )
  .chain((names) =>
    fc
      .tuple(...names.map((name) => (name === 'web' ? webValues : noValues)))
      .map((values) => Object.fromEntries(names.map((name, n) => [name, values[n] as Values]))),
  );

/** Mostly what a Deployment needs, so that most of them come to life. */
const draft: fc.Arbitrary<CreateCall> = fc
  .record(
    {
      key: fc.constantFrom('one', 'two'),
      staged: fc.boolean(),
      type: fc.constantFrom('preview' as const, 'sandbox' as const, 'production' as const),
      region: fc.oneof(
        { weight: 15, arbitrary: fc.constantFrom('europe-west1.gcp', 'us-east-2.aws') },
        { weight: 1, arbitrary: fc.constant('nowhere') },
      ),
      applications,
      global: globalValues,
      complete: fc.oneof(
        { weight: 4, arbitrary: fc.constant(true) },
        { weight: 1, arbitrary: fc.constant(false) },
      ),
    },
    { requiredKeys: ['staged', 'region', 'applications', 'global', 'complete'] },
  )
  .map(({ complete, ...rest }) => (complete ? completed(rest) : rest));

function completed(call: CreateCall): CreateCall {
  const { type: _, ...rest } = call;
  const { nobody: __, ...known } = call.applications;
  const { UNKNOWN: ___, ...standard } = call.global.standard;
  return {
    ...rest,
    applications: {
      pictures: { standard: {}, secured: {} },
      ...known,
      ...('web' in known
        ? { web: { standard: { NEEDED: 'yes' }, secured: { TOKEN: 'a token' } } }
        : {}),
    },
    global: { standard: { PLACE: 'Ulm', ...standard, STREET: 'Quay' }, secured: { SHARED: 's' } },
  };
}

const versionOffset = fc.oneof(
  { weight: 8, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 1) },
);

const change: fc.Arbitrary<RedeployCall> = fc.record(
  {
    versionOffset,
    applications,
    global: globalValues,
  },
  { requiredKeys: ['versionOffset'] },
);

/** Revisions have the numbers of versions, and most Deployments of a sequence do not get far. */
const rollback: fc.Arbitrary<RollbackCall> = fc.record({
  versionOffset,
  back: fc.nat({ max: 4 }),
  inPath: fc.boolean(),
});

const call: fc.Arbitrary<Call> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ call: fc.constant('create' as const), draft }) },
  { weight: 6, arbitrary: fc.record({ call: fc.constant('redeploy' as const), target, change }) },
  {
    weight: 5,
    arbitrary: fc.record({ call: fc.constant('rollback' as const), target, change: rollback }),
  },
  { weight: 4, arbitrary: fc.record({ call: fc.constant('delete' as const), target }) },
  { weight: 3, arbitrary: fc.record({ call: fc.constant('cancel' as const), target }) },
  { weight: 1, arbitrary: fc.record({ call: fc.constant('revisions' as const), target }) },
  {
    weight: 2,
    arbitrary: fc.record({
      call: fc.constantFrom('get' as const, 'get-by-key' as const, 'logs' as const),
      target,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      call: fc.constant('foreign' as const),
      target,
      method: fc.constantFrom('GET' as const, 'DELETE' as const),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      call: fc.constant('query' as const),
      limit: fc.nat({ max: 5 }),
      offset: fc.nat({ max: 5 }),
    }),
  },
);

export const callsOfSequence = 20;

export const sequence: fc.Arbitrary<readonly Move[]> = fc.array(
  fc.record({
    call,
    after: fc.oneof(
      { weight: 4, arbitrary: fc.constant('nothing' as const) },
      { weight: 4, arbitrary: fc.constant('succeed' as const) },
      { weight: 2, arbitrary: fc.constant('fail' as const) },
    ),
  }),
  { minLength: callsOfSequence, maxLength: callsOfSequence },
);

/**
 * What the contract says of Deployments, as small as it can be said: statuses (§2.2), versions (§2.7), the order of checks
 * (§2.3), merged values (§2.4), deletion (§2.5), revisions and rollback (§2.8); and of Berth's own cancel. Written from the contract and without any of the code it judges.
 */

export interface Values {
  readonly standard: Readonly<Record<string, string>>;
  readonly secured: Readonly<Record<string, string>>;
}

export interface CreateCall {
  readonly key?: string;
  readonly staged: boolean;
  readonly type?: 'preview' | 'sandbox' | 'production';
  readonly region: string;
  readonly applications: Readonly<Record<string, Values>>;
  readonly global: Values;
}

export interface RedeployCall {
  readonly versionOffset: number;
  readonly applications?: Readonly<Record<string, Values>>;
  readonly global?: Values;
}

export interface RollbackCall {
  readonly versionOffset: number;
  /** So many versions back from the Deployment's own. */
  readonly back: number;
  /** Whether the revision stands in the path or in the body. */
  readonly inPath: boolean;
}

/** What a successful deploy leaves. */
export interface Revision {
  readonly number: number;
  readonly applications: ReadonlyMap<string, Values>;
  readonly global: Values;
}

export interface Known {
  readonly id: string;
  readonly key?: string;
  readonly type: string;
  version: number;
  status: 'Queued' | 'Deploying' | 'Deployed' | 'Failed' | 'Undeploying' | 'UndeployFailed';
  applications: Map<string, Values>;
  global: Values;
  /** A release of it is up: there is something to tear down. */
  up: boolean;
  /** Of its event application, from the first deploy that got so far. */
  hasTopic: boolean;
  /** Newest first. */
  revisions: readonly Revision[];
  rollbackRevision: number | undefined;
  /** How the last thing that was done with it ended. */
  lastEnd: 'succeeded' | 'failed' | 'cancelled' | undefined;
}

interface KeyRule {
  readonly required?: boolean;
  readonly default?: boolean;
}
interface Rules {
  readonly standard: Readonly<Record<string, KeyRule>>;
  readonly secured: Readonly<Record<string, KeyRule>>;
}

/** What `shop-connector.ts` declares. */
const globalRules: Rules = {
  standard: { PLACE: { required: true, default: true }, STREET: { required: true } },
  secured: { SHARED: { required: true } },
};
const none: Rules = { standard: {}, secured: {} };
const applicationRules: ReadonlyMap<string, Rules> = new Map([
  [
    'web',
    {
      standard: {
        VALUE: { default: true },
        NEEDED: { required: true },
        MODE: { required: true, default: true },
        NOTE: {},
      },
      secured: { TOKEN: { required: true }, SPARE: {} },
    },
  ],
  ['handler', none],
  ['tick', none],
  ['pictures', none],
]);

export class Reference {
  readonly #workers: number;
  readonly deployments: Known[] = [];
  readonly #queue: { readonly deployment: Known; readonly kind: 'deploy' | 'undeploy' }[] = [];

  constructor(workers: number) {
    this.#workers = workers;
  }

  get isIdle(): boolean {
    return this.#queue.length === 0;
  }

  find(ref: { readonly id: string } | { readonly key: string }): Known | undefined {
    return this.deployments.find((one) => ('id' in ref ? one.id === ref.id : one.key === ref.key));
  }

  /** The codes of the first check that fails, or what is made; `id` is what the platform calls it. */
  create(call: CreateCall, id: string): readonly string[] | Known {
    const type = call.type ?? (call.staged ? 'preview' : 'sandbox');
    const allowed = call.staged ? ['preview'] : ['sandbox', 'production'];
    const applications = Object.entries(call.applications);
    const checks = [
      () => (allowed.includes(type) ? [] : ['DeploymentInvalidType']),
      () => (call.region === 'nowhere' ? ['DeploymentUnsupportedRegion'] : []),
      () => (call.key !== undefined && this.find({ key: call.key }) ? ['DuplicateField'] : []),
      () => (applications.length === 0 ? ['DeploymentApplicationRequired'] : []),
      () => [
        ...unknownApplications(applications),
        ...unknownKeys(globalRules, call.global, 'DeploymentUnknownGlobalConfigurationKey'),
      ],
      () => [
        ...missing(globalRules, merge(nothing, call.global), 'Global'),
        ...applications.flatMap(([name, values]) =>
          missing(applicationRules.get(name) ?? none, merge(nothing, values), 'Application'),
        ),
      ],
    ];
    const codes = firstFailure(checks);
    if (codes.length > 0) return codes;
    const deployment: Known = {
      id,
      ...(call.key === undefined ? {} : { key: call.key }),
      type,
      version: 1,
      status: this.#accepted(),
      applications: new Map(
        applications.map(([name, values]) => [name, merge(nothing, values)] as const),
      ),
      global: merge(nothing, call.global),
      up: false,
      hasTopic: false,
      revisions: [],
      rollbackRevision: undefined,
      lastEnd: undefined,
    };
    this.deployments.unshift(deployment);
    this.#queue.push({ deployment, kind: 'deploy' });
    return deployment;
  }

  redeploy(deployment: Known, call: RedeployCall): readonly string[] {
    const sent = Object.entries(call.applications ?? {});
    const applications = new Map(deployment.applications);
    for (const [name, values] of sent)
      if (applications.has(name))
        applications.set(name, merge(applications.get(name) ?? nothing, values));
    const global = merge(deployment.global, call.global ?? nothing);
    const codes = firstFailure([
      () => (call.versionOffset === 0 ? [] : ['ConcurrentModification']),
      () => (isBusy(deployment) ? ['DeploymentInvalidStatusTransition'] : []),
      () =>
        call.applications !== undefined && sent.length === 0
          ? ['DeploymentApplicationRequired']
          : [],
      () => [
        ...unknownApplications(sent),
        ...sent.flatMap(([name]) =>
          deployment.applications.has(name) || !applicationRules.has(name)
            ? []
            : ['DeploymentApplicationDoNotBelong'],
        ),
        ...unknownKeys(
          globalRules,
          call.global ?? nothing,
          'DeploymentUnknownGlobalConfigurationKey',
        ),
      ],
      () => [
        ...missing(globalRules, global, 'Global'),
        ...[...applications].flatMap(([name, values]) =>
          missing(applicationRules.get(name) ?? none, values, 'Application'),
        ),
      ],
    ]);
    if (codes.length > 0) return codes;
    this.#deployAgain(deployment, { applications, global, rollbackRevision: undefined });
    return [];
  }

  /** The code of the first check that fails, or none. */
  rollBack(deployment: Known, number: number, versionOffset: number): readonly string[] {
    const revision = deployment.revisions.find((one) => one.number === number);
    const isCurrent = deployment.status === 'Deployed' && deployment.version === number;
    const codes = firstFailure([
      () => (versionOffset === 0 ? [] : ['ConcurrentModification']),
      () => (isBusy(deployment) ? ['DeploymentInvalidStatusTransition'] : []),
      () => (revision === undefined ? ['ResourceNotFound'] : []),
      () => (isCurrent ? ['DeploymentRollbackNotAllowed'] : []),
    ]);
    if (codes.length > 0 || revision === undefined) return codes;
    const { applications, global } = revision;
    this.#deployAgain(deployment, {
      applications: new Map(applications),
      global,
      rollbackRevision: number,
    });
    return [];
  }

  /** Whether it was cancelled, or had been before. Nothing has begun yet, so whatever ran goes on running. */
  cancel(deployment: Known): boolean {
    const at = this.#queue.findIndex((one) => one.deployment === deployment);
    const [open] = at === -1 ? [] : this.#queue.splice(at, 1);
    if (open === undefined) return deployment.lastEnd === 'cancelled';
    deployment.status = open.kind === 'deploy' ? 'Failed' : 'UndeployFailed';
    deployment.lastEnd = 'cancelled';
    return true;
  }

  /** The status of the answer, and its codes. */
  remove(deployment: Known): { readonly status: number; readonly codes: readonly string[] } {
    if (isBusy(deployment)) return { status: 400, codes: ['DeploymentInvalidStatusTransition'] };
    const isAgain = deployment.status === 'UndeployFailed';
    deployment.version += 1;
    deployment.status = 'Undeploying';
    if (!deployment.up && !deployment.hasTopic && !isAgain) {
      this.#forget(deployment);
      return { status: 200, codes: [] };
    }
    this.#queue.push({ deployment, kind: 'undeploy' });
    return { status: 202, codes: [] };
  }

  /** The oldest open operation comes to its end. */
  work(outcome: 'succeed' | 'fail'): void {
    const next = this.#queue.shift();
    if (next === undefined) return;
    const { deployment, kind } = next;
    deployment.lastEnd = outcome === 'succeed' ? 'succeeded' : 'failed';
    if (kind === 'deploy') {
      deployment.hasTopic ||= deployment.applications.has('handler');
      deployment.status = outcome === 'succeed' ? 'Deployed' : 'Failed';
      if (outcome === 'succeed') this.#keepRevision(deployment);
      return;
    }
    // Whatever ran is stopped before the part that can fail.
    deployment.up = false;
    if (outcome === 'fail') deployment.status = 'UndeployFailed';
    else this.#forget(deployment);
  }

  #deployAgain(
    deployment: Known,
    change: Pick<Known, 'applications' | 'global' | 'rollbackRevision'>,
  ): void {
    const status = this.#accepted();
    Object.assign(deployment, { ...change, version: deployment.version + 1, status });
    this.#queue.push({ deployment, kind: 'deploy' });
  }

  /** The newest few stay, and the one that it went back to. */
  #keepRevision(deployment: Known): void {
    const { version, applications, global, rollbackRevision } = deployment;
    const revision = { number: version, applications: new Map(applications), global };
    deployment.up = true;
    deployment.revisions = [revision, ...deployment.revisions].filter(
      ({ number }, at) => at < keptRevisions || number === rollbackRevision,
    );
  }

  #accepted(): 'Deploying' | 'Queued' {
    return this.#queue.length < this.#workers ? 'Deploying' : 'Queued';
  }

  #forget(deployment: Known): void {
    this.deployments.splice(this.deployments.indexOf(deployment), 1);
  }
}

/** As many as `openControlPlane` keeps. */
const keptRevisions = 3;

const nothing: Values = { standard: {}, secured: {} };

function isBusy({ status }: Known): boolean {
  return status === 'Queued' || status === 'Deploying' || status === 'Undeploying';
}

function firstFailure(checks: readonly (() => readonly string[])[]): readonly string[] {
  for (const check of checks) {
    const codes = check();
    if (codes.length > 0) return codes;
  }
  return [];
}

/** Each new value replaces that of its key, in its place; a mask is no value. */
function merge(stored: Values, sent: Values): Values {
  const secured = Object.entries(sent.secured).filter(([, value]) => !/^\*+$/.test(value));
  return {
    standard: { ...stored.standard, ...sent.standard },
    secured: { ...stored.secured, ...Object.fromEntries(secured) },
  };
}

function unknownApplications(sent: readonly (readonly [string, Values])[]): readonly string[] {
  return sent.flatMap(([name, values]) => {
    const rules = applicationRules.get(name);
    return rules === undefined
      ? ['DeploymentUnknownApplicationConfiguration']
      : unknownKeys(rules, values, 'DeploymentUnknownApplicationConfigurationKey');
  });
}

function unknownKeys(rules: Rules, values: Values, code: string): readonly string[] {
  return (['standard', 'secured'] as const).flatMap((list) =>
    Object.keys(values[list]).flatMap((key) => (key in rules[list] ? [] : [code])),
  );
}

function missing(rules: Rules, values: Values, where: 'Global' | 'Application'): readonly string[] {
  return (['standard', 'secured'] as const).flatMap((list) =>
    Object.entries(rules[list]).flatMap(([key, rule]) => {
      const value = values[list][key];
      if (!rule.required || (value ?? '') !== '') return [];
      if (value === '') return [`DeploymentEmptyRequired${where}ConfigurationKey`];
      return rule.default ? [] : [`DeploymentMissing${where}ConfigurationKey`];
    }),
  );
}

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConfigurationKey, ConnectorSpec } from '../../src/core/connector-spec.ts';
import {
  type CreateGiven,
  decideDeployment,
  decideRedeploy,
  decideUndeploy,
  type RedeployGiven,
} from '../../src/core/deploy-rules.ts';
import {
  type Deployment,
  type DeploymentDraft,
  type Redeploy,
  snapshotConnector,
} from '../../src/core/deployment.ts';
import { type ErrorCode, Rejection } from '../../src/core/errors.ts';
import {
  applicationDeployment,
  applicationSpec,
  connector,
  connectorSpec,
  connectorStaged,
  deployment,
  deploymentDraft,
  valuesOf,
} from '../support/records.ts';

const now = 9000;
const seal = (id: string) => (key: string, value: string) => `sealed(${id}/${key}=${value})`;

function countIds(): () => string {
  let ids = 0;
  return () => {
    ids += 1;
    return `id-${ids}`;
  };
}

function createGiven(more: Partial<CreateGiven> = {}): CreateGiven {
  const newId = countIds();
  return {
    id: newId(),
    now,
    newId,
    seal,
    projectKey: 'project',
    connector: connector(),
    productionEnabled: true,
    keyTaken: false,
    ...more,
  };
}

function redeployGiven(more: Partial<RedeployGiven> = {}): RedeployGiven {
  return { now, newId: countIds(), seal, ...more };
}

function codesOf(decide: () => unknown): readonly ErrorCode[] {
  try {
    decide();
    return [];
  } catch (error) {
    if (!(error instanceof Rejection)) throw error;
    return error.errors.map(({ code }) => code);
  }
}

function key(name: string, more: Partial<ConfigurationKey> = {}): ConfigurationKey {
  return { key: name, description: name, required: false, ...more };
}

const required = { required: true };
const demanding = connectorSpec({
  applications: [
    applicationSpec({
      configuration: { standard: [key('A', required)], secured: [key('S', required)] },
    }),
    applicationSpec({ name: 'job', type: 'job', schedule: '@daily' }),
    applicationSpec({ name: 'event', type: 'event' }),
  ],
  globalConfiguration: { standard: [key('G', required)], secured: [key('H')] },
});
const one = (key: string, value = 'v') => [{ key, value }];
const satisfied: Partial<DeploymentDraft> = {
  configurations: [valuesOf('app', { standard: one('A'), secured: one('S') })],
  globalConfiguration: { standard: one('G'), secured: [] },
};

describe('create', () => {
  test('makes a Deployment of what the draft lists', () => {
    const created = decideDeployment(
      deploymentDraft({
        ...satisfied,
        key: 'key',
        configurations: [
          valuesOf('event', { retryPolicy: { strategy: 'immediate' } }),
          valuesOf('app', { standard: one('A'), secured: one('S', 'secret') }),
        ],
      }),
      createGiven({ connector: connector({ spec: demanding }) }),
    );
    expect(created).toEqual({
      id: 'id-1',
      projectKey: 'project',
      key: 'key',
      version: 1,
      type: 'sandbox',
      status: 'Deploying',
      region: 'europe-west1.gcp',
      connector: snapshotConnector(connector({ spec: demanding })),
      // In the order of the request; `job` is not listed and so not deployed.
      applications: [
        {
          id: 'id-2',
          name: 'event',
          configuration: { standard: [], secured: [] },
          retryPolicy: { strategy: 'immediate' },
        },
        {
          id: 'id-3',
          name: 'app',
          configuration: {
            standard: one('A'),
            secured: [{ key: 'S', sealed: 'sealed(id-1/S=secret)', empty: false, length: 6 }],
          },
        },
      ],
      globalConfiguration: { standard: one('G'), secured: [] },
      buildId: 'id-4',
      createdAt: now,
      lastModifiedAt: now,
    });
  });

  test.for([
    { staged: true, type: undefined, becomes: 'preview' },
    { staged: true, type: 'preview', becomes: 'preview' },
    { staged: true, type: 'sandbox', becomes: 'DeploymentInvalidType' },
    { staged: true, type: 'production', becomes: 'DeploymentInvalidType' },
    { staged: false, type: undefined, becomes: 'sandbox' },
    { staged: false, type: 'sandbox', becomes: 'sandbox' },
    { staged: false, type: 'production', becomes: 'production' },
    { staged: false, type: 'preview', becomes: 'DeploymentInvalidType' },
  ] as const)(
    'type $type of a staged ($staged) connector: $becomes',
    ({ staged, type, becomes }) => {
      const draft = deploymentDraft(type === undefined ? {} : { type });
      const given = createGiven({ connector: staged ? connectorStaged() : connector() });
      if (becomes === 'DeploymentInvalidType')
        expect(codesOf(() => decideDeployment(draft, given))).toEqual([becomes]);
      else expect(decideDeployment(draft, given).type).toBe(becomes);
    },
  );

  test.for([
    { region: 'europe-west1.gcp', supported: [], ok: true },
    { region: 'eu-central-1.aws', supported: ['eu-central-1.aws'], ok: true },
    { region: 'eu-central-1.aws', supported: ['europe-west1.gcp'], ok: false },
    { region: 'nowhere', supported: [], ok: false },
  ] as const)('region $region where $supported are supported: $ok', (row) => {
    const given = createGiven({ connector: connector({ supportedRegions: row.supported }) });
    const codes = codesOf(() => decideDeployment(deploymentDraft({ region: row.region }), given));
    expect(codes).toEqual(row.ok ? [] : ['DeploymentUnsupportedRegion']);
  });

  /** Contract §2.3: each row mends one mistake of the row before, so the next check speaks. */
  test('checks in the order of the contract', () => {
    const staged = connectorStaged({
      spec: demanding,
      supportedRegions: ['us-east-2.aws'],
      isPreviewable: 'none',
    });
    let draft = deploymentDraft({ type: 'sandbox', configurations: [], key: 'taken' });
    let given = createGiven({ connector: staged, keyTaken: true, productionEnabled: false });
    const seen: string[] = [];
    const mendings: readonly (() => void)[] = [
      () => {
        given = { ...given, connector: { ...staged, isPreviewable: 'true' } };
      },
      () => {
        const { isPreviewable: _, ...published } = staged;
        draft = { ...draft, type: 'production' };
        given = { ...given, connector: { ...published, certified: false, listed: true } };
      },
      () => {
        given = { ...given, productionEnabled: true };
      },
      () => {
        draft = { ...draft, region: 'us-east-2.aws' };
      },
      () => {
        given = { ...given, keyTaken: false };
      },
      () => {
        draft = {
          ...draft,
          configurations: [
            valuesOf('stranger'),
            valuesOf('app', { standard: one('X'), secured: one('A') }),
          ],
          globalConfiguration: { standard: one('X'), secured: one('G') },
        };
      },
      () => {
        draft = {
          ...draft,
          configurations: [
            valuesOf('app', { secured: one('S', ''), schedule: '@daily' }),
            valuesOf('job', { retryPolicy: { strategy: 'immediate' } }),
            valuesOf('event', { retryPolicy: { strategy: 'never' } }),
          ],
        };
      },
      () => {
        draft = { ...draft, globalConfiguration: { standard: [], secured: one('H', '') } };
      },
      () => {
        draft = { ...draft, globalConfiguration: { standard: one('G'), secured: [] } };
      },
      () => {
        const [app, job, event] = draft.configurations;
        draft = {
          ...draft,
          configurations: [
            { ...valuesOf('app'), ...app, standard: one('A'), secured: one('S') },
            { ...valuesOf('job'), ...job },
            { ...valuesOf('event'), ...event },
          ],
        };
      },
    ];
    for (const mend of [() => {}, ...mendings]) {
      mend();
      seen.push(codesOf(() => decideDeployment(draft, given)).join(', '));
    }
    const valueMistakes =
      'DeploymentMissingApplicationConfigurationKey, DeploymentEmptyRequiredApplicationConfigurationKey';
    const overrideMistakes =
      'InvalidJsonInput, DeploymentRetryPolicyOverrideNotAllowed, DeploymentInvalidRetryPolicy';
    expect(seen).toEqual([
      'ConnectorStagedNotPreviewable',
      'DeploymentInvalidType',
      'DeploymentProductionDeactivated',
      'DeploymentUnsupportedRegion',
      'DuplicateField',
      'DeploymentApplicationRequired',
      'DeploymentUnknownApplicationConfiguration, DeploymentUnknownApplicationConfigurationKey, DeploymentUnknownApplicationConfigurationKey, DeploymentUnknownGlobalConfigurationKey, DeploymentUnknownGlobalConfigurationKey',
      'DeploymentUnknownGlobalConfigurationKey, DeploymentUnknownGlobalConfigurationKey',
      `DeploymentMissingGlobalConfigurationKey, ${valueMistakes}, ${overrideMistakes}`,
      `${valueMistakes}, ${overrideMistakes}`,
      overrideMistakes,
    ]);
  });

  test('a mask is no secret', () => {
    const draft = deploymentDraft({
      ...satisfied,
      configurations: [valuesOf('app', { standard: one('A'), secured: one('S', '********') })],
    });
    const given = createGiven({ connector: connector({ spec: demanding }) });
    expect(codesOf(() => decideDeployment(draft, given))).toEqual([
      'DeploymentMissingApplicationConfigurationKey',
    ]);
  });
});

const redeployAll: Redeploy = { skipScripts: false, updateConnector: false };

function deployed(spec: ConnectorSpec, more: Partial<Deployment> = {}): Deployment {
  return deployment({ connector: snapshotConnector(connector({ spec })), ...more });
}

function named(...applications: Parameters<typeof applicationSpec>[0][]): ConnectorSpec {
  return connectorSpec({ applications: applications.map(applicationSpec) });
}

describe('redeploy', () => {
  const before = deployed(demanding, {
    key: 'key',
    version: 4,
    applications: [
      applicationDeployment({
        id: 'a',
        configuration: {
          standard: one('A', 'old'),
          secured: [{ key: 'S', sealed: 'old', empty: false }],
        },
        url: 'http://app',
        deployed: true,
      }),
      applicationDeployment({ id: 'j', name: 'job', schedule: '@hourly' }),
    ],
    globalConfiguration: { standard: one('G', 'old'), secured: [] },
  });

  test('without values changes nothing but version, status and report', () => {
    expect(decideRedeploy(before, redeployAll, redeployGiven())).toEqual({
      ...before,
      version: 5,
      status: 'Deploying',
      buildId: 'id-1',
      lastModifiedAt: now,
    });
  });

  test('of what was rolled back is an ordinary deploy again', () => {
    const after = decideRedeploy({ ...before, rollbackRevision: 2 }, redeployAll, redeployGiven());
    expect(after).not.toHaveProperty('rollbackRevision');
  });

  test('merges what is named, and empty lists name nothing', () => {
    const after = decideRedeploy(
      before,
      {
        ...redeployAll,
        configurationValues: [
          valuesOf('app', { secured: one('S', 'new') }),
          valuesOf('job', { schedule: '@daily' }),
        ],
        globalConfiguration: { standard: one('G', 'new'), secured: [] },
      },
      redeployGiven(),
    );
    const [app, job] = before.applications;
    expect(after.applications).toEqual([
      {
        ...app,
        configuration: {
          standard: one('A', 'old'),
          secured: [{ key: 'S', sealed: 'sealed(deployment/S=new)', empty: false, length: 3 }],
        },
      },
      { ...job, schedule: '@daily' },
    ]);
    expect(after.globalConfiguration.standard).toEqual(one('G', 'new'));
    const untouched = decideRedeploy(
      before,
      { ...redeployAll, configurationValues: [valuesOf('app'), valuesOf('job')] },
      redeployGiven(),
    );
    expect(untouched.applications).toEqual(before.applications);
  });

  test('of what it was given already changes no value, whatever it is', () => {
    const value = fc.constantFrom('x', 'y', '********');
    const values = fc.record({ A: value, S: value, G: value }).map(({ A, S, G }) => ({
      ...redeployAll,
      configurationValues: [valuesOf('app', { standard: one('A', A), secured: one('S', S) })],
      globalConfiguration: { standard: one('G', G), secured: [] },
    }));
    fc.assert(
      fc.property(values, (action) => {
        const once = decideRedeploy(before, action, redeployGiven());
        const twice = decideRedeploy(
          { ...once, status: 'Deployed' },
          action,
          redeployGiven({ newId: () => once.buildId }),
        );
        expect(twice).toEqual({ ...once, version: once.version + 1 });
      }),
    );
  });

  test.for([
    { status: 'Queued', state: 'queued' },
    { status: 'Deploying', state: 'deploying' },
    { status: 'Undeploying', state: 'undeploying' },
  ] as const)('is refused in status $status, whatever it names', ({ status, state }) => {
    const action = { ...redeployAll, configurationValues: [valuesOf('stranger')] };
    expect(() => decideRedeploy({ ...before, status }, action, redeployGiven())).toThrow(
      `Invalid status change: Already ${state}`,
    );
  });

  test.for<{ name: string; action: Partial<Redeploy>; codes: readonly ErrorCode[] }>([
    {
      name: 'no application at all',
      action: { configurationValues: [] },
      codes: ['DeploymentApplicationRequired'],
    },
    {
      name: 'wrong names of every kind',
      action: {
        configurationValues: [valuesOf('stranger'), valuesOf('event')],
        globalConfiguration: { standard: one('X'), secured: [] },
      },
      codes: [
        'DeploymentUnknownApplicationConfiguration',
        'DeploymentApplicationDoNotBelong',
        'DeploymentUnknownGlobalConfigurationKey',
      ],
    },
    {
      name: 'an application that it did not deploy',
      action: { configurationValues: [valuesOf('event')] },
      codes: ['DeploymentApplicationDoNotBelong'],
    },
    {
      name: 'a key of the other list',
      action: { configurationValues: [valuesOf('app', { standard: one('S') })] },
      codes: ['DeploymentUnknownApplicationConfigurationKey'],
    },
    {
      name: 'an unknown global key',
      action: { globalConfiguration: { standard: one('X'), secured: [] } },
      codes: ['DeploymentUnknownGlobalConfigurationKey'],
    },
    {
      name: 'nothing for a required key',
      action: {
        configurationValues: [valuesOf('app', { standard: one('A', '') })],
        globalConfiguration: { standard: one('G', ''), secured: [] },
      },
      codes: [
        'DeploymentEmptyRequiredGlobalConfigurationKey',
        'DeploymentEmptyRequiredApplicationConfigurationKey',
      ],
    },
    {
      name: 'a schedule for what is no job',
      action: { configurationValues: [valuesOf('app', { schedule: '@daily' })] },
      codes: ['InvalidJsonInput'],
    },
    {
      name: 'a retry policy for what takes no events',
      action: {
        configurationValues: [valuesOf('job', { retryPolicy: { strategy: 'immediate' } })],
      },
      codes: ['DeploymentRetryPolicyOverrideNotAllowed'],
    },
    {
      name: 'a retry policy that is none',
      action: { configurationValues: [valuesOf('job', { retryPolicy: { strategy: 'never' } })] },
      codes: ['DeploymentRetryPolicyOverrideNotAllowed'],
    },
    {
      name: 'fewer instances at most than at least',
      action: { configurationValues: [valuesOf('app', { minInstances: 3, maxInstances: 2 })] },
      codes: ['InvalidJsonInput'],
    },
  ])('that names $name is refused', ({ action, codes }) => {
    const decide = () => decideRedeploy(before, { ...redeployAll, ...action }, redeployGiven());
    expect(codesOf(decide)).toEqual(codes);
  });
});

/** Contract §2.4 and §10, rows 12 and 13. */
describe('redeploy with a new connector version', () => {
  const before = deployed(named({ name: 'a' }, { name: 'b' }), {
    applications: [
      applicationDeployment({ id: '1', name: 'a' }),
      applicationDeployment({ id: '2', name: 'b' }),
    ],
  });

  function update(spec: ConnectorSpec, action: Partial<Redeploy> = {}, from = before): Deployment {
    return decideRedeploy(
      from,
      { ...redeployAll, updateConnector: true, ...action },
      redeployGiven({ newConnector: connector({ version: 9, spec }) }),
    );
  }

  test('takes its snapshot', () => {
    const spec = named({ name: 'a' }, { name: 'b', endpoint: '/new' });
    expect(update(spec).connector).toEqual(snapshotConnector(connector({ version: 9, spec })));
  });

  test('lets an application go that it dropped', () => {
    const after = update(named({ name: 'b' }));
    expect(after.applications.map(({ id }) => id)).toEqual(['2']);
  });

  test('adds an application only where the client names it', () => {
    const spec = named({ name: 'a' }, { name: 'b' }, { name: 'c' });
    expect(update(spec).applications.map(({ name }) => name)).toEqual(['a', 'b']);
    const joined = update(spec, { configurationValues: [valuesOf('c')] });
    expect(joined.applications.map(({ name }) => name)).toEqual(['a', 'b', 'c']);
  });

  test.for([
    { name: 'none of its applications is left', spec: named({ name: 'c' }), cause: 'at least one' },
    {
      name: 'a new required key has no value',
      spec: named(
        { name: 'a', configuration: { standard: [key('N', required)], secured: [] } },
        { name: 'b' },
      ),
      cause: 'requires standard with key N for application named a.',
    },
    {
      name: 'a new required global key has no value',
      spec: {
        ...named({ name: 'a' }),
        globalConfiguration: { standard: [], secured: [key('N', required)] },
      },
      cause: 'requires secret with key N.',
    },
  ])('is refused where $name', ({ spec, cause }) => {
    expect(codesOf(() => update(spec))).toEqual(['DeploymentConnectorUpdateFailure']);
    expect(() => update(spec)).toThrow(cause);
  });

  test('forgets values it no longer declares, and what was readable where it is a secret now', () => {
    const from = deployed(
      connectorSpec({
        applications: [
          applicationSpec({
            configuration: { standard: [key('KEPT'), key('TOKEN'), key('GONE')], secured: [] },
          }),
        ],
      }),
      {
        applications: [
          applicationDeployment({
            configuration: {
              standard: [...one('KEPT'), ...one('TOKEN'), ...one('GONE')],
              secured: [],
            },
          }),
        ],
      },
    );
    const spec = connectorSpec({
      applications: [
        applicationSpec({ configuration: { standard: [key('KEPT')], secured: [key('TOKEN')] } }),
      ],
    });
    const [app] = update(spec, {}, from).applications;
    expect(app?.configuration).toEqual({ standard: one('KEPT'), secured: [] });
  });

  test('keeps how many instances run, and counts what was said before', () => {
    const from = deployed(named({ name: 'app' }), {
      applications: [applicationDeployment({ minInstances: 2, maxInstances: 3 })],
    });
    const told = (more: object) => ({ configurationValues: [valuesOf('app', more)] });
    const [kept] = decideRedeploy(from, redeployAll, redeployGiven()).applications;
    expect(kept).toMatchObject({ minInstances: 2, maxInstances: 3 });
    const after = decideRedeploy(
      from,
      { ...redeployAll, ...told({ maxInstances: 5 }) },
      redeployGiven(),
    );
    expect(after.applications[0]).toMatchObject({ minInstances: 2, maxInstances: 5 });
    const decide = () =>
      decideRedeploy(from, { ...redeployAll, ...told({ maxInstances: 1 }) }, redeployGiven());
    expect(codesOf(decide)).toEqual(['InvalidJsonInput']);
  });

  test('forgets how many instances run of what has become files', () => {
    const from = deployed(named({ name: 'a' }), {
      applications: [applicationDeployment({ name: 'a', minInstances: 1, maxInstances: 2 })],
    });
    const [after] = update(named({ name: 'a', type: 'assets' }), {}, from).applications;
    expect(after).not.toHaveProperty('minInstances');
    expect(after).not.toHaveProperty('maxInstances');
  });

  test('forgets a schedule or policy of what has become of another type', () => {
    const from = deployed(named({ name: 'a', type: 'job' }, { name: 'b', type: 'event' }), {
      applications: [
        applicationDeployment({
          ...{ name: 'a', schedule: '@daily', overlapPolicy: 'forbid', missedRuns: 'once' },
        }),
        applicationDeployment({ name: 'b', retryPolicy: { strategy: 'immediate' } }),
      ],
    });
    const after = update(named({ name: 'a' }, { name: 'b', type: 'job' }), {}, from);
    for (const application of after.applications) {
      for (const field of ['schedule', 'overlapPolicy', 'missedRuns', 'retryPolicy'])
        expect(application).not.toHaveProperty(field);
    }
  });
});

describe('undeploy', () => {
  test.for(['Draft', 'Deployed', 'Failed', 'UndeployFailed'] as const)(
    'is accepted in status %s',
    (status) => {
      const before = deployment({ status, version: 4 });
      expect(decideUndeploy(before, now, 'new-report')).toEqual({
        ...before,
        status: 'Undeploying',
        version: 5,
        buildId: 'new-report',
        lastModifiedAt: now,
      });
    },
  );

  test.for(['Queued', 'Deploying', 'Undeploying'] as const)('is refused in status %s', (status) => {
    const codes = codesOf(() => decideUndeploy(deployment({ status }), now, 'report'));
    expect(codes).toEqual(['DeploymentInvalidStatusTransition']);
  });
});

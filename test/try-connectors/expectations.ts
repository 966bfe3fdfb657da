import type { ConnectorSource } from './connector-source.ts';

/** What is known of a connector beyond "it deploys": all of it is asked of every deployment of it. */
export interface Expectation {
  /** Probes of each application, in this order. */
  readonly probes: Readonly<Record<string, readonly Probe[]>>;
  /** Schedules sent with the deployment, so that a job runs while one waits. */
  readonly schedules?: Readonly<Record<string, string>>;
  readonly afterDeploy?: readonly PlatformCheck[];
  readonly afterRedeploy?: readonly PlatformCheck[];
  readonly afterUndeploy?: readonly PlatformCheck[];
}

export type Probe =
  | ({ readonly kind: 'http' } & HttpProbe)
  /** A request that kills the process: it must be back by itself. */
  | {
      readonly kind: 'crash';
      readonly request: HttpProbe['request'];
      readonly afterwards: HttpProbe;
    }
  /** A message on the application's topic, and how the application answers its delivery. */
  | {
      readonly kind: 'message';
      readonly name: string;
      readonly data: unknown;
      readonly status: readonly number[];
    }
  /** Its URL answers, whatever it says, unless nothing is behind it. */
  | { readonly kind: 'answer' }
  /** The next run of the schedule. */
  | { readonly kind: 'run'; readonly status: readonly number[] };

export interface HttpProbe {
  /** The path counts from the application's origin. */
  readonly request: {
    readonly method: 'GET' | 'POST';
    readonly path: string;
    readonly body?: unknown;
  };
  readonly status: number;
  /** In the answer's body. */
  readonly text?: RegExp;
  readonly headers?: Readonly<Record<string, RegExp>>;
}

/** What scripts must have done to the platform. */
export type PlatformCheck =
  | {
      readonly resource: 'extensions' | 'subscriptions' | 'types';
      readonly key: string;
      readonly is: 'present' | 'absent';
      /** Its destination is this application's URL or topic. */
      readonly destination?: string;
    }
  /** One update action that was sent since the step before. */
  | { readonly resource: 'update'; readonly action: string }
  | { readonly resource: 'api-clients'; readonly count: number };

const openToAll = { 'access-control-allow-origin': /^\*$/ };
const javascript = { ...openToAll, 'content-type': /javascript/ };

const resourceCreated = {
  notificationType: 'ResourceCreated',
  projectKey: 'acceptance-project',
  resource: { typeId: 'subscription', id: '8b1c1f4e-6b1f-4a39-9d5a-0d6c1f7c9a10' },
  version: 1,
};
const orderCreated = {
  notificationType: 'Message',
  projectKey: 'acceptance-project',
  id: '5f7b1c1e-0a37-4ef9-8c83-0d8f7b0c5a11',
  version: 1,
  sequenceNumber: 1,
  type: 'OrderCreated',
  resource: { typeId: 'order', id: '4a0a9e3d-90cb-4d7f-8f5e-0a7d3a0d2c12' },
  resourceVersion: 1,
};

const emptyCart = { typeId: 'cart', id: 'x', obj: { id: 'x', lineItems: [] } };

/** By the name of the repository, or of the folder where the connector is not at the root. */
export const expectations: Readonly<Record<string, Expectation>> = {
  'hello-connector': {
    probes: {
      'hello-service': [
        {
          kind: 'http',
          request: { method: 'GET', path: '/hello' },
          status: 200,
          text: /"greeting":"Hello from Berth"/,
        },
        { kind: 'http', request: { method: 'GET', path: '/other' }, status: 404 },
      ],
      'hello-event': [
        { kind: 'message', name: 'ResourceCreated', data: resourceCreated, status: [204] },
        { kind: 'message', name: 'OrderCreated', data: orderCreated, status: [204] },
      ],
      'hello-job': [{ kind: 'run', status: [200] }],
      'hello-assets': [
        {
          kind: 'http',
          request: { method: 'GET', path: '/hello.js' },
          status: 200,
          headers: javascript,
        },
        {
          kind: 'http',
          request: { method: 'GET', path: '/index.html' },
          status: 200,
          headers: { ...openToAll, 'content-type': /^text\/html/ },
        },
      ],
    },
    schedules: { 'hello-job': '@every 5s' },
  },

  'commercetools-connector-undeploy-demo': {
    probes: {
      service: [
        {
          kind: 'http',
          request: { method: 'POST', path: '/', body: { action: 'Create', resource: emptyCart } },
          status: 204,
        },
        { kind: 'http', request: { method: 'GET', path: '/' }, status: 404, text: /Cannot GET \// },
      ],
    },
    afterDeploy: [
      { resource: 'extensions', key: 'tcpl-extension-test', is: 'present', destination: 'service' },
      { resource: 'api-clients', count: 1 },
    ],
    afterRedeploy: [
      { resource: 'update', action: 'changeDestination' },
      { resource: 'extensions', key: 'tcpl-extension-test', is: 'present', destination: 'service' },
      { resource: 'api-clients', count: 1 },
    ],
    afterUndeploy: [
      { resource: 'extensions', key: 'tcpl-extension-test', is: 'absent' },
      { resource: 'api-clients', count: 0 },
    ],
  },

  'connect-payment-integration-template': {
    probes: {
      enabler: [
        {
          kind: 'http',
          request: { method: 'GET', path: '/connector-enabler.es.js' },
          status: 200,
          headers: javascript,
        },
        {
          kind: 'http',
          request: { method: 'GET', path: '/connector-enabler.umd.js' },
          status: 200,
          headers: javascript,
        },
        { kind: 'http', request: { method: 'GET', path: '/unknown.js' }, status: 404 },
      ],
      processor: [
        {
          kind: 'http',
          request: { method: 'GET', path: '/' },
          status: 404,
          text: /Route GET:\/ not found/,
          headers: openToAll,
        },
        {
          kind: 'http',
          request: { method: 'GET', path: '/operations/status' },
          status: 401,
          text: /This endpoint requires the authorization header\./,
        },
        {
          kind: 'http',
          request: { method: 'GET', path: '/operations/config' },
          status: 401,
          text: /Session is not active/,
        },
        {
          kind: 'http',
          request: { method: 'POST', path: '/payments', body: {} },
          status: 400,
          text: /A value is required for field paymentMethod\./,
        },
      ],
    },
    afterDeploy: [{ resource: 'types', key: 'payment-launchpad-purchase-order', is: 'present' }],
    afterRedeploy: [{ resource: 'types', key: 'payment-launchpad-purchase-order', is: 'present' }],
  },

  'connect-tax-integration-template': {
    probes: {
      'tax-calculator': [
        {
          kind: 'http',
          request: { method: 'POST', path: '/taxCalculator', body: {} },
          status: 400,
          text: /"statusCode":400/,
        },
        {
          kind: 'crash',
          request: {
            method: 'POST',
            path: '/taxCalculator',
            body: { action: 'Create', resource: emptyCart },
          },
          afterwards: {
            request: { method: 'POST', path: '/taxCalculator', body: {} },
            status: 400,
          },
        },
      ],
      'order-syncer': [
        { kind: 'message', name: 'ResourceCreated', data: resourceCreated, status: [204] },
        { kind: 'message', name: 'OrderCreated', data: orderCreated, status: [202] },
        { kind: 'message', name: 'without data', data: undefined, status: [202] },
      ],
    },
    afterDeploy: [
      {
        resource: 'extensions',
        key: 'ctpTaxCalculatorExtension',
        is: 'present',
        destination: 'tax-calculator',
      },
      {
        resource: 'subscriptions',
        key: 'ct-connect-tax-integration-order-change-subscription',
        is: 'present',
        destination: 'order-syncer',
      },
      { resource: 'types', key: 'stripe-tax', is: 'present' },
    ],
    // Its own preUndeploy calls a function that its client has not: the extension stays.
    afterUndeploy: [
      {
        resource: 'subscriptions',
        key: 'ct-connect-tax-integration-order-change-subscription',
        is: 'absent',
      },
    ],
  },

  'connect-application-kit': {
    probes: {
      service: [
        { kind: 'http', request: { method: 'POST', path: '/service', body: {} }, status: 400 },
        {
          kind: 'http',
          request: { method: 'GET', path: '/' },
          status: 404,
          text: /Path not found\./,
        },
      ],
      job: [{ kind: 'run', status: [200] }],
      event: [{ kind: 'message', name: 'ResourceCreated', data: resourceCreated, status: [202] }],
      assets: [
        {
          kind: 'http',
          request: { method: 'GET', path: '/index.html' },
          status: 200,
          headers: { ...openToAll, 'content-type': /^text\/html/ },
        },
      ],
    },
    schedules: { job: '@every 5s' },
    afterDeploy: [
      {
        resource: 'extensions',
        key: 'myconnector-cartUpdateExtension',
        is: 'present',
        destination: 'service',
      },
      { resource: 'types', key: 'myconnector-cartDiscountType', is: 'present' },
      {
        resource: 'subscriptions',
        key: 'myconnector-customerCreateSubscription',
        is: 'present',
        destination: 'event',
      },
    ],
    afterUndeploy: [
      { resource: 'extensions', key: 'myconnector-cartUpdateExtension', is: 'absent' },
      { resource: 'subscriptions', key: 'myconnector-customerCreateSubscription', is: 'absent' },
    ],
  },
};

export function expectationOf(
  source: Pick<ConnectorSource, 'name' | 'folderName'>,
): Expectation | undefined {
  const key = [source.folderName, source.name].find(
    (name) => name !== undefined && Object.hasOwn(expectations, name),
  );
  return key === undefined ? undefined : expectations[key];
}

/** What can be asked of an application that nothing is known of. */
export function generalProbesOf(type: string): readonly Probe[] {
  return type === 'event'
    ? [
        {
          kind: 'message',
          name: 'ResourceCreated',
          data: resourceCreated,
          status: [102, 200, 201, 202, 204],
        },
      ]
    : type === 'job'
      ? []
      : [{ kind: 'answer' }];
}

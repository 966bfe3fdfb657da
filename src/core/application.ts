/** The application types of `connect.yaml` (contract §4). `mc-app` is read as its successor. */
export const applicationTypes = [
  'service',
  'event',
  'job',
  'assets',
  'merchant-center-custom-application',
  'merchant-center-custom-view',
] as const;
export type ApplicationType = (typeof applicationTypes)[number];

/** How an application answers: by a process of its own, or by files that the gateway serves. */
export type Serving = 'process' | 'files' | 'single-page';

const servings: Record<ApplicationType, Serving> = {
  service: 'process',
  event: 'process',
  job: 'process',
  assets: 'files',
  'merchant-center-custom-application': 'single-page',
  'merchant-center-custom-view': 'single-page',
};

export function servingOf(type: ApplicationType): Serving {
  return servings[type];
}

/** Event and job applications are called by the platform only. */
export function hasUrl(type: ApplicationType): boolean {
  return type !== 'event' && type !== 'job';
}

export function isMerchantCenter(type: ApplicationType): boolean {
  return servings[type] === 'single-page';
}

/** Told by the label, which is there before the application has ever run. */
export function isPlatformOnly(hostLabel: string): boolean {
  return applicationTypes.some(
    (type) => !hasUrl(type) && hostLabel.startsWith(`${hostPrefixes[type]}-`),
  );
}

/** The label of an event application is the name of its topic, too. */
export function isTopic(hostLabel: string): boolean {
  return hostLabel.startsWith(`${hostPrefixes.event}-`);
}

/** First label of an application's host name (contract §5.3). */
export const hostPrefixes: Record<ApplicationType, string> = {
  service: 'service',
  event: 'event',
  job: 'job',
  assets: 'assets',
  'merchant-center-custom-application': 'mc-app',
  'merchant-center-custom-view': 'mc-view',
};

/** `connect.yaml` allows an endpoint without its leading slash; a URL does not. */
export function normalizeEndpoint(endpoint: string | undefined): string {
  if (endpoint === undefined || endpoint === '') return '';
  return endpoint.startsWith('/') ? endpoint : `/${endpoint}`;
}

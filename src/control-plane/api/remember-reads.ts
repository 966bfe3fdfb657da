import type { Store } from '../../ports/store.ts';

/** More than clients ask for again and again between two commits. */
const mostRemembered = 2_000;

/**
 * Answers what every request reads, its token, one Deployment with its report, and whose topic it publishes to, from memory for as
 * long as nothing at all is committed. Nobody ever reads what is no longer so, whoever has changed it.
 */
export function rememberReads(store: Store): Store {
  const remember = openMemory(() => store.version());
  const { projects, deployments, reports, runtime } = store;
  return {
    ...store,
    projects: {
      ...projects,
      token: (hash) => remember(`token ${hash}`, () => projects.token(hash)),
    },
    deployments: {
      ...deployments,
      get: (projectKey, ref) => {
        const name = 'id' in ref ? `id ${ref.id}` : `key ${ref.key}`;
        return remember(`deployment ${projectKey} ${name}`, () => deployments.get(projectKey, ref));
      },
    },
    runtime: {
      ...runtime,
      address: (label) => remember(`address ${label}`, () => runtime.address(label)),
    },
    reports: {
      entries: (reportIds) => {
        const read = () => reports.entries(reportIds);
        return reportIds.length === 1 ? remember(`report ${reportIds[0]}`, read) : read();
      },
    },
  };
}

/** What was read since the version changed last, by name. Records are never changed, so that many can share one. */
function openMemory(readVersion: () => number | undefined) {
  let version: number | undefined;
  const remembered = new Map<string, Promise<unknown>>();
  return <T>(name: string, read: () => Promise<T>): Promise<T> => {
    const now = readVersion();
    if (now !== version) remembered.clear();
    version = now;
    if (now === undefined) return read();
    const known = remembered.get(name);
    if (known !== undefined) return known as Promise<T>;
    const reading = read();
    if (remembered.size >= mostRemembered) remembered.clear();
    remembered.set(name, reading);
    // A failure is of this moment, and nobody else's.
    reading.catch(() => remembered.delete(name));
    return reading;
  };
}

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { auditedStore } from '../../../src/control-plane/audit-log/audited-store.ts';
import { bootstrapProject } from '../../../src/control-plane/commands/bootstrap.ts';
import type { AuditLogEntry } from '../../../src/core/audit-log.ts';
import { secretContext } from '../../../src/core/secret-context.ts';
import { DuplicateKey, StaleVersion } from '../../../src/core/store-failure.ts';
import { newOwnKey, secretBoxFromKey } from '../../../src/drivers/secret-box/aes-gcm/secret-box.ts';
import type { Store } from '../../../src/ports/store.ts';
import { failureOf } from '../../contract/store/place.ts';
import { connectorStaged, deployment } from '../../support/records.ts';
import { openOwnStore } from '../../support/records-place.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

async function openAudited() {
  const store = await openOwnStore(join(await makeTempFolder(), 'store.db'));
  const box = secretBoxFromKey(randomBytes(32));
  const digester = box.digesterOf(newOwnKey(box));
  const asked = {
    actor: { type: 'client', clientId: 'client' },
    action: 'doSomething',
    correlationId: 'correlation',
  } as const;
  const clock = { now: () => 5_000 };
  return {
    store,
    digester,
    clock,
    audited: auditedStore({ store, clock, digester }, asked),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  };
}

async function entriesOf({ auditLog }: Store): Promise<readonly AuditLogEntry[]> {
  const { results } = await auditLog.queryAnywhere({ limit: 100, offset: 0 });
  return results.map(({ sequence: _, ...entry }) => entry);
}

describe('a change and its entry', () => {
  test('are both there', async () => {
    await using place = await openAudited();
    await place.audited.commit([{ kind: 'insert-connector-staged', record: connectorStaged() }]);
    expect(await place.store.connectors.stagedAnywhere({ id: 'connector' })).toHaveLength(1);
    expect(await entriesOf(place.store)).toMatchObject([
      {
        projectKey: 'project',
        at: 5_000,
        action: 'doSomething',
        actor: { type: 'client', clientId: 'client' },
        correlationId: 'correlation',
        resource: { typeId: 'connector-staged', id: 'connector' },
        after: { id: 'connector' },
        shortened: false,
      },
    ]);
  });

  test('are both not there where the change is refused', async () => {
    await using place = await openAudited();
    const record = connectorStaged({ key: 'taken' });
    await place.store.commit([{ kind: 'insert-connector-staged', record }]);
    const again = place.audited.commit([
      { kind: 'insert-connector-staged', record: { ...record, id: 'another' } },
    ]);
    expect(await failureOf(again)).toBeInstanceOf(DuplicateKey);
    const stale = place.audited.commit([
      { kind: 'update-connector-staged', record, expectedVersion: 7 },
    ]);
    expect(await failureOf(stale)).toBeInstanceOf(StaleVersion);
    expect(await entriesOf(place.store)).toEqual([]);
  });

  test('are both not there where the entry cannot be written', async () => {
    await using place = await openAudited();
    const clock = { now: () => Number.NaN };
    const asked = { actor: { type: 'operator' }, action: 'x', correlationId: 'x' } as const;
    const audited = auditedStore({ ...place, digester: place.digester, clock }, asked);
    const refused = audited.commit([{ kind: 'insert-deployment', record: deployment() }]);
    expect(await failureOf(refused)).toBeInstanceOf(Error);
    expect(await place.store.deployments.byId('deployment')).toBeUndefined();
    expect(await entriesOf(place.store)).toEqual([]);
  });

  test('are refused together where nobody could see from the entry what changed', async () => {
    await using place = await openAudited();
    const refused = place.audited.commit([{ kind: 'forbid-cancel', operationId: 'a', reason: '' }]);
    expect(String(await failureOf(refused))).toContain('doSomething');
  });
});

describe('what an entry shows', () => {
  test('has digests for credentials in URLs, which tell whether they changed', async () => {
    await using place = await openAudited();
    const urls = [
      'https://user:canary@example.com/a.git',
      'https://user:canary@example.com/b.git',
      'https://a@canary@example.com/b.git',
      'ssh://git@example.com/b.git',
      'ssh://git:canary@example.com/b.git',
    ];
    for (const [at, url] of urls.entries()) {
      const record = connectorStaged({ version: at + 1, repository: { url, tag: 'v1' } });
      await place.audited.commit([
        at === 0
          ? { kind: 'insert-connector-staged', record }
          : { kind: 'update-connector-staged', record, expectedVersion: at },
      ]);
    }
    const entries = await entriesOf(place.store);
    expect(JSON.stringify(entries)).not.toContain('canary');
    const shown = entries.toReversed().map(({ after }) => String(Object(after).repository.url));
    const [a = '', b = '', c = '', ssh, withPassword] = shown;
    expect(a).toMatch(/^https:\/\/hmac-sha256:[0-9a-f]{32}@example\.com\/a\.git$/);
    expect(b).toBe(a.replace('a.git', 'b.git'));
    expect(c).not.toBe(b);
    expect(ssh).toBe(urls[3]);
    expect(withPassword).toMatch(/^ssh:\/\/git:hmac-sha256:[0-9a-f]{32}@example\.com/);
  });

  test('has them for the connector of a Deployment, too', async () => {
    await using place = await openAudited();
    for (const [at, password] of ['canary', 'canary-2'].entries()) {
      const repository = { url: `https://user:${password}@example.com/a.git`, tag: 'v1' };
      const { connector } = deployment();
      const record = deployment({ version: at + 1, connector: { ...connector, repository } });
      await place.audited.commit([
        at === 0
          ? { kind: 'insert-deployment', record }
          : { kind: 'update-deployment', record, expectedVersion: at },
      ]);
    }
    const entries = await entriesOf(place.store);
    expect(JSON.stringify(entries)).not.toContain('canary');
    const shown = entries.map(({ after }) => String(Object(after).connector.repository.url));
    expect(new Set(shown).size).toBe(2);
  });

  test('says so where a secret cannot be opened any more, and lets the change be made', async () => {
    await using place = await openAudited();
    const other = secretBoxFromKey(randomBytes(32));
    const sealed = other.seal('lost', secretContext('deployment', 'TOKEN'), newOwnKey(other));
    const record = deployment({
      globalConfiguration: { standard: [], secured: [{ key: 'TOKEN', sealed, empty: false }] },
    });
    await place.audited.commit([{ kind: 'insert-deployment', record }]);
    const [entry] = await entriesOf(place.store);
    expect(entry?.after).toMatchObject({
      globalConfiguration: { securedConfiguration: [{ key: 'TOKEN', value: 'unreadable' }] },
    });
  });

  test('is cut where it is too large, and says so', async () => {
    await using place = await openAudited();
    const standard = Array.from({ length: 1_000 }, (_, at) => ({
      key: `KEY_${at}`,
      value: 'x'.repeat(1_000),
    }));
    const record = deployment({ globalConfiguration: { standard, secured: [] } });
    await place.audited.commit([{ kind: 'insert-deployment', record }]);
    const [entry] = await entriesOf(place.store);
    expect(entry?.shortened).toBe(true);
    expect(JSON.stringify(entry).length).toBeLessThan(40_000);
    expect(entry?.after).toMatchObject({ id: 'deployment', status: record.status });
  });
});

describe('a start with bootstrap settings', () => {
  const client = { projectKey: 'shop', clientId: 'client', clientSecret: 'canary-1' };

  test('is entered where it changes something, and only there', async () => {
    await using place = await openAudited();
    const start = (settings = client) =>
      bootstrapProject({ store: place.audited, clock: place.clock }, settings);
    await start();
    await start();
    expect(await entriesOf(place.store)).toMatchObject([
      { projectKey: 'shop', resource: { typeId: 'api-client', id: 'client' } },
      { projectKey: 'shop', resource: { typeId: 'project', id: 'shop' } },
    ]);
    await start({ ...client, clientSecret: 'canary-2' });
    const [changed, ...others] = await entriesOf(place.store);
    expect(others).toHaveLength(2);
    const secretOf = (shown: unknown): string => Object(shown).secret;
    expect(secretOf(changed?.after)).toMatch(/^hmac-sha256:/);
    expect(secretOf(changed?.after)).not.toBe(secretOf(changed?.before));
    expect(JSON.stringify([changed, others])).not.toContain('canary');
  });
});

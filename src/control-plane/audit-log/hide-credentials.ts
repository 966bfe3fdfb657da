import type { AuditedResource, Shown } from '../../core/audit-log.ts';
import type { Digester } from '../../ports/secret-box.ts';

/** Up to the last `@`, as passwords may hold one. The user name of ssh is no secret, and mostly `git`. */
const inUrl = /\b(ssh:\/\/[^\s/:@]{0,256}:|(?!ssh:)[a-z][a-z0-9+.-]{0,31}:\/\/)([^\s/]{1,2048})@/gi;

/** A digest takes the place of each. */
export function digestCredentials(
  shown: Shown,
  { typeId, id }: Pick<AuditedResource, 'typeId' | 'id'>,
  digester: Digester,
): Shown {
  return hideCredentials(shown, (plain, path) => digester.digest(plain, `${typeId}/${id}/${path}`));
}

/** What stands before the `@` of any URL is a secret, also where the API shows it. */
export function hideCredentials(
  shown: Shown,
  digest: (plain: string, path: string) => string,
): Shown {
  const hide = (value: unknown, path: string): unknown => {
    if (typeof value === 'string') {
      return value.replaceAll(inUrl, (_, start: string, credentials: string) => {
        return `${start}${digest(credentials, path)}@`;
      });
    }
    if (Array.isArray(value)) return value.map((one, at) => hide(one, `${path}[${at}]`));
    if (typeof value !== 'object' || value === null) return value;
    return hideIn(value as Shown, path);
  };
  const hideIn = (record: Shown, path: string): Shown =>
    Object.fromEntries(
      Object.entries(record).map(([name, one]) => [name, hide(one, `${path}.${name}`)]),
    );
  return hideIn(shown, '');
}

import { reject } from '../../core/errors.ts';
import type { CommandDependencies } from '../commands/dependencies.ts';
import { hasScope, type Identity, type OwnScope } from '../commands/identity.ts';
import { identify } from '../commands/tokens.ts';

/** @throws Rejection `invalid_token` */
export async function authenticate(
  deps: Pick<CommandDependencies, 'store' | 'clock'>,
  authorization: string | undefined,
): Promise<Identity> {
  const token = /^Bearer +([^\s]{1,512})$/i.exec(authorization ?? '')?.[1];
  const identity = token === undefined ? undefined : await identify(deps, token);
  return identity ?? reject('invalid_token', {});
}

/** @throws Rejection `AuthorizationError`; a token of another project is refused the same way (contract §10, row 21) */
export function authorize(
  identity: Identity,
  scopes: readonly OwnScope[],
  projectKey: string,
): void {
  if (!scopes.some((scope) => hasScope(identity, scope, projectKey)))
    reject('AuthorizationError', {});
}

import { Failure } from '../../src/core/failure.ts';
import { findProgram } from '../../src/drivers/sandbox/find-program.ts';

/** Each of these programs, by name, with the Debian package that brings it. */
const packages = { nginx: 'nginx-light', caddy: 'caddy', wrk: 'wrk' } as const;
export type Program = keyof typeof packages;

/** @throws Failure that says which packages to install */
export async function requirePrograms<const Name extends Program>(
  names: readonly Name[],
): Promise<Readonly<Record<Name, string>>> {
  const found = await Promise.all(
    names.map(async (name) => [name, await findProgram(name)] as const),
  );
  const missing = found.flatMap(([name, file]) => (file === undefined ? [name] : []));
  if (missing.length > 0)
    throw new Failure(`Not on this machine: ${missing.join(', ')}.`, {
      nextStep: `Install Debian's packages: apt-get install --no-install-recommends ${missing.map((name) => packages[name]).join(' ')}`,
    });
  return Object.fromEntries(found) as Record<Name, string>;
}

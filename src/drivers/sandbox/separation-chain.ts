import { bubblewrapArguments, type InNetwork } from './bubblewrap.ts';
import type { View } from './sandbox.ts';
import type { Identity, SystemMount } from './system-mounts.ts';

export interface Bubblewrap {
  readonly file: string;
  readonly system: readonly SystemMount[];
  /** Who programs are in it. */
  readonly identity: Identity;
  /** Becomes that user, where Berth is root. Absent: a user namespace separates. */
  readonly setpriv?: string;
}

export interface Separated {
  readonly view: View;
  readonly directory: string;
  readonly scratchMb: number;
  readonly endsWithParent: boolean;
  /** Absent where it is not started in one of its own. */
  readonly network?: InNetwork | undefined;
  readonly hasVariables?: boolean;
  readonly commonAt?: string | undefined;
}

/** What comes before a program so that it sees no more than its view. */
export function separationChain(bubblewrap: Bubblewrap, separated: Separated): readonly string[] {
  const { file, system, identity, setpriv } = bubblewrap;
  return [
    file,
    ...bubblewrapArguments({
      ...{ hasVariables: false, network: undefined },
      ...separated,
      system,
      ...(setpriv === undefined ? { userNamespace: identity } : {}),
    }),
    ...(setpriv === undefined ? [] : dropTo(setpriv, identity)),
  ];
}

/** No capability is left, and no program can bring one back. */
function dropTo(setpriv: string, { uid, gid }: Identity): readonly string[] {
  return [
    setpriv,
    `--reuid=${uid}`,
    `--regid=${gid}`,
    '--clear-groups',
    '--inh-caps=-all',
    '--bounding-set=-all',
    '--no-new-privs',
    '--',
  ];
}

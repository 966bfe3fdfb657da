import type { Clock } from '../../ports/clock.ts';
import type { Room } from '../../ports/disk.ts';
import type { RepositoryBox, Sealer } from '../../ports/secret-box.ts';
import type { Source } from '../../ports/source.ts';
import type { Store } from '../../ports/store.ts';

/** What commands are given. Each takes the part it uses. */
export interface CommandDependencies {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly sealer: Sealer;
  readonly source: Source;
  readonly repositories: Pick<RepositoryBox, 'seal'>;
  /** Operations that may run at once: tells `Deploying` from `Queued`. */
  readonly workers: number;
  /** For what operations will write. */
  readonly room: Room;
}

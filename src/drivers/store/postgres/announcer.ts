import { inTransaction } from './commit.ts';
import type { Connections } from './connections.ts';

export const channel = 'berth_commit';

/**
 * Tells other processes that something was committed, afterwards: a transaction that tells keeps all others that tell
 * waiting until it is on disk, and so the commits would take turns. Many commits make one message. It may be lost with
 * its process: whoever listens looks each second whether anything was written.
 */
export class Announcer {
  readonly #connections: Connections;
  readonly #sender: string;
  #telling: Promise<void> | undefined;
  #again = false;

  /** @param sender what the process calls itself */
  constructor(connections: Connections, sender: string) {
    this.#connections = connections;
    this.#sender = sender;
  }

  tell(): void {
    this.#again = true;
    this.#telling ??= this.#tellAll();
  }

  /** Resolves when everything is told that can be. */
  async settled(): Promise<void> {
    await this.#telling;
  }

  async #tellAll(): Promise<void> {
    while (this.#again) {
      this.#again = false;
      // Nothing is lost that is not found within a second.
      await this.#send().catch(() => {});
    }
    this.#telling = undefined;
  }

  async #send(): Promise<void> {
    const begin = 'begin; set local synchronous_commit = off';
    await inTransaction(this.#connections, { begin, commit: 'commit' }, async (connection) => {
      await connection.query('select pg_notify($1, $2)', [channel, this.#sender]);
    });
  }
}

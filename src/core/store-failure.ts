import { Failure } from './failure.ts';

/** A record has moved since it was read. */
export class StaleVersion extends Error {
  readonly id: string;
  constructor(id: string) {
    super(`Record ${id} has changed since it was read`);
    this.name = 'StaleVersion';
    this.id = id;
  }
}

/** Another record has the key already. */
export class DuplicateKey extends Error {
  readonly key: string;
  constructor(key: string, cause?: unknown) {
    super(`Another record has the key ${key}`, { cause });
    this.name = 'DuplicateKey';
    this.key = key;
  }
}

/** A request with the same `Idempotency-Key` was faster. */
export class AlreadyKept extends Error {
  constructor(id: string) {
    super(`There is an answer ${id} already`);
    this.name = 'AlreadyKept';
  }
}

/** The master key has been exchanged meanwhile: a new key has to be sealed with the new one. */
export class MasterKeyMoved extends Failure {
  constructor(id: string) {
    super(`The master key ${id} has just been exchanged.`, { nextStep: 'Try again in a moment.' });
  }
}

/** Somebody has asked to cancel the operation before it could come so far. */
export class CancelRequested extends Error {
  constructor(operationId: string) {
    super(`Operation ${operationId} is to be cancelled`);
    this.name = 'CancelRequested';
  }
}

/** The operation belongs to another worker by now; what this one wanted to write must not be written. */
export class FencedOff extends Error {
  constructor(operationId: string) {
    super(`Operation ${operationId} is held by another worker`);
    this.name = 'FencedOff';
  }
}

/** The database cannot be asked. Whether the last commit arrived is unknown, as after a crash; it is worth trying again. */
export class StoreUnavailable extends Failure {
  constructor(cause: unknown) {
    super('The database of Berth cannot be reached at the moment.', {
      nextStep:
        'Try again in a moment. If it lasts, check that the PostgreSQL server of BERTH_DATABASE_URL runs and takes connections.',
      cause,
    });
  }
}

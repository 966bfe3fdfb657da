import { defineConfig } from 'vitest/config';

/** What is waited for is there much earlier, unless everything runs at once. */
const pollOnBusyMachine = { timeout: 10_000 };

/** `fast` needs nothing but this repository and the npm registry's packages; `e2e` builds and deploys whole connectors; `postgres` needs a PostgreSQL server's programs. */
export default defineConfig({
  test: {
    // On a machine that does other work too, a test that waits for processes can be too late once.
    retry: process.env['CI'] ? 1 : 0,
    projects: [
      {
        test: {
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: ['test/e2e/**', 'test/model/**', 'test/postgres/**'],
          testTimeout: 30_000,
          expect: { poll: pollOnBusyMachine },
          hookTimeout: 60_000,
          // They mostly wait for the processes that they start.
          maxWorkers: '150%',
        },
      },
      {
        test: {
          name: 'postgres',
          include: ['test/postgres/**/*.test.ts'],
          globalSetup: 'test/support/postgres-server.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
          expect: { poll: pollOnBusyMachine },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/model/**/*.test.ts'],
          testTimeout: 240_000,
          hookTimeout: 240_000,
          expect: { poll: pollOnBusyMachine },
        },
      },
    ],
  },
});

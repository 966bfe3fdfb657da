import { defineConfig } from 'vitest/config';

/** What is waited for is there much earlier, unless everything runs at once. */
const pollOnBusyMachine = { timeout: 60_000 };

/** Tests that name no engine take the one of the run: SQLite, but with these settings PostgreSQL, on a server of the run. */
const onPostgres = {
  globalSetup: 'test/support/postgres-server.ts',
  setupFiles: 'test/support/on-postgres.ts',
  testTimeout: 120_000,
  hookTimeout: 120_000,
  expect: { poll: pollOnBusyMachine },
  maxWorkers: '150%',
};

/** `fast` needs nothing but this repository and the npm registry's packages; `e2e` builds and deploys whole connectors; `postgres` and `postgres-api` need a PostgreSQL server's programs, and run on it what `fast` runs on SQLite. */
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
          // They end what hangs; nothing is judged by its time here.
          testTimeout: 120_000,
          hookTimeout: 120_000,
          expect: { poll: pollOnBusyMachine },
          // They mostly wait for the processes that they start.
          maxWorkers: '150%',
        },
      },
      {
        test: {
          name: 'postgres',
          include: ['test/postgres/**/*.test.ts', 'test/{control-plane,platform}/**/*.test.ts'],
          ...onPostgres,
        },
      },
      {
        test: { name: 'postgres-api', include: ['test/api/**/*.test.ts'], ...onPostgres },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts', 'test/model/**/*.test.ts'],
          testTimeout: 480_000,
          hookTimeout: 480_000,
          expect: { poll: pollOnBusyMachine },
        },
      },
    ],
  },
});

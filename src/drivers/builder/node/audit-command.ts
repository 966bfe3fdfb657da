import type { Command, ManagerChoice } from './package-manager.ts';

export interface AuditPlan {
  /** Often not the one that installs: registries have given up what older ones ask. */
  readonly manager: ManagerChoice;
  readonly command: Command;
  readonly environment: Readonly<Record<string, string>>;
}

const requestTimeoutMs = 20_000;

/**
 * Production dependencies only, and nothing of the project's own settings that would make an audit come out empty:
 * offline, no lockfile. Waiting is bounded: one try for each request.
 */
export function planAudit(manager: ManagerChoice, pnpmLock: string | undefined): AuditPlan {
  switch (manager.name) {
    case 'npm':
      return {
        manager,
        command: command('npm', [
          'audit',
          '--json',
          '--omit=dev',
          '--package-lock=true',
          '--offline=false',
          '--fetch-retries=0',
          `--fetch-timeout=${requestTimeoutMs}`,
          ...(manager.hasWorkspaces ? [] : ['--no-workspaces']),
        ]),
        environment: {},
      };
    case 'yarn-classic':
      return {
        manager,
        command: command('yarn', [
          'audit',
          '--json',
          '--groups',
          'dependencies optionalDependencies',
          '--no-progress',
          '--non-interactive',
          '--network-timeout',
          String(requestTimeoutMs),
        ]),
        // Else it would become the program that the project names.
        environment: { YARN_OFFLINE: 'false', YARN_IGNORE_PATH: '1' },
      };
    case 'yarn-berry':
      return {
        manager,
        command: {
          tool: 'yarn',
          args: ['npm', 'audit', '--json', '--recursive', '--environment', 'production'],
          label: 'yarn npm audit',
        },
        environment: {
          YARN_HTTP_RETRY: '0',
          YARN_HTTP_TIMEOUT: String(requestTimeoutMs),
          YARN_ENABLE_COLORS: '0',
        },
      };
    case 'pnpm':
      return {
        manager: pnpmThatIsAnswered(manager, pnpmLock),
        command: command('pnpm', [
          'audit',
          '--json',
          '--prod',
          ...(manager.hasWorkspaces ? [] : ['--ignore-workspace']),
        ]),
        environment: Object.fromEntries(
          ['npm_config_', 'pnpm_config_'].flatMap((prefix) => [
            [`${prefix}fetch_retries`, '0'],
            [`${prefix}fetch_timeout`, String(requestTimeoutMs)],
            [`${prefix}offline`, 'false'],
          ]),
        ),
      };
    default:
      return manager.name satisfies never;
  }
}

/** What 9 and 10 ask, npm's registry answers no more; 11 reads the same lockfile. */
function pnpmThatIsAnswered(manager: ManagerChoice, lock: string | undefined): ManagerChoice {
  const version = Number(/^lockfileVersion: ['"]?(\d+)/m.exec(lock ?? '')?.[1] ?? 0);
  return version < 9 ? manager : { ...manager, fetch: { package: 'pnpm', version: '11' } };
}

function command(tool: Command['tool'], args: readonly string[]): Command {
  return { tool, args, label: `${tool} ${args[0]}` };
}

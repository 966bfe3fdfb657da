import { type RawSettings, type SettingName, settings } from './settings.ts';

/** The only reader of the process's environment. An empty variable counts as unset. */
export function readEnv(environment: NodeJS.ProcessEnv = process.env): RawSettings {
  const entries = Object.entries(settings).map(([name, { variable, default: fallback }]) => {
    const value = environment[variable];
    return [name, value === undefined || value === '' ? fallback : value];
  });
  return Object.fromEntries(entries) as Record<SettingName, string>;
}

const secretSettings = [
  'masterKey',
  'masterKeyPrevious',
  'databaseUrl',
  'bootstrapClientSecret',
  'platformClientSecret',
  'connectorClientSecret',
  'introspectionClientSecret',
  'otlpHeaders',
] as const satisfies readonly SettingName[];

/** Once they are read: tools of the system that are started without an environment of their own get this process's. */
export function forgetSecrets(environment: NodeJS.ProcessEnv = process.env): void {
  for (const name of secretSettings) delete environment[settings[name].variable];
}

/** For what must reach the network the way the operator does: git, npm. Those parts pick what they need. */
export function readOperatorEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
): Readonly<Record<string, string | undefined>> {
  return { ...environment };
}

/** For the planes and all threads, each of which would compile everything again. A person's own choice stays. */
export function shareCompiled(folder: string, environment: NodeJS.ProcessEnv = process.env): void {
  environment['NODE_COMPILE_CACHE'] ??= folder;
}

/** True below `npm start` and the like. */
export function isStartedByNpm(environment: NodeJS.ProcessEnv = process.env): boolean {
  return environment['npm_lifecycle_event'] !== undefined;
}

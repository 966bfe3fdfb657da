import { type RawSettings, type SettingName, settings } from './settings.ts';

/** The only reader of the process's environment. An empty variable counts as unset. */
export function readEnv(environment: NodeJS.ProcessEnv = process.env): RawSettings {
  const entries = Object.entries(settings).map(([name, { variable, default: fallback }]) => {
    const value = environment[variable];
    return [name, value === undefined || value === '' ? fallback : value];
  });
  return Object.fromEntries(entries) as Record<SettingName, string>;
}

/** What builds and scripts may know of the operator's own environment: proxies, and how npm reaches its registry. */
export function readOperatorEnvironment(
  environment: NodeJS.ProcessEnv = process.env,
): Record<string, string> {
  const passed =
    /^(https?_proxy|no_proxy|npm_config_(registry|userconfig|globalconfig|cafile|strict_ssl)|node_extra_ca_certs|ssl_cert_file)$/i;
  return Object.fromEntries(
    Object.entries(environment).filter(
      (entry): entry is [string, string] => entry[1] !== undefined && passed.test(entry[0]),
    ),
  );
}

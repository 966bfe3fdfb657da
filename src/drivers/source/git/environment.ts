import { dirname } from 'node:path';
import type { Remote } from './remote-rules.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings of git by name, values as git reads them. */
export type Settings = readonly (readonly [name: string, value: string])[];

/**
 * The only configuration git sees. A file and not arguments, because git drops arguments on the way to the
 * `upload-pack` that reads a local repository.
 */
export const configuration = `# Written by Berth at each start.
[core]
	hooksPath = /dev/null
	protectHFS = true
	protectNTFS = true
	# Larger files are not held in memory.
	bigFileThreshold = 32m
	deltaBaseCacheLimit = 32m
[pack]
	# Each would take as much memory as one.
	threads = 1
[safe]
	directory = *
[submodule]
	recurse = false
[fetch]
	recurseSubmodules = false
	# Always one growing file, which can be measured while it grows.
	unpackLimit = 1
[gc]
	auto = 0
[maintenance]
	auto = false
[checkout]
	workers = 0
[http]
	# Ends a stalled transfer even if Berth was killed meanwhile.
	lowSpeedLimit = 1000
	lowSpeedTime = 60
[protocol]
	allow = never
`;

const always = ['PATH', 'TMPDIR', 'SYSTEMROOT'];
const forHttps = [
  'HTTPS_PROXY',
  'https_proxy',
  'ALL_PROXY',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
];
const forSsh = ['HOME', 'USER', 'LOGNAME', 'SSH_AUTH_SOCK'];
const forCredentials = ['HOME', 'USER', 'LOGNAME'];

// BatchMode: never asks a question. The rest ends a connection that has gone silent.
const sshCommand =
  'ssh -o BatchMode=yes -o ConnectTimeout=20 -o ServerAliveInterval=15 -o ServerAliveCountMax=4';

export interface EnvironmentInput {
  /** Berth's own environment; only what is listed here is passed on. */
  readonly own: Environment;
  /** Where git runs. It is no repository, and git does not look for one above it. */
  readonly directory: string;
  readonly configurationFile: string;
  readonly remote?: Remote;
  /** Absent: the operator's credentials are not used for https. */
  readonly credentials?: Settings;
  readonly followRedirects: boolean;
  /** The most that git takes for one object: a few bytes of a pack can ask for any amount. */
  readonly maxObjectBytes: number;
  /** Of the remote's host, which git does not look up again: the name could lead elsewhere by then. */
  readonly addresses?: readonly string[];
}

export function gitEnvironment(input: EnvironmentInput): Record<string, string> {
  const { own, directory, configurationFile, remote } = input;
  return {
    // Not the real one: it may hold a .netrc.
    HOME: directory,
    ...pick(own, [...always, ...passedOn(input)]),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: configurationFile,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_CEILING_DIRECTORIES: dirname(directory),
    GIT_TERMINAL_PROMPT: '0',
    GCM_INTERACTIVE: 'never',
    GIT_SSH_COMMAND: sshCommand,
    GIT_LFS_SKIP_SMUDGE: '1',
    GIT_LITERAL_PATHSPECS: '1',
    GIT_NO_REPLACE_OBJECTS: '1',
    GIT_ALLOC_LIMIT: String(input.maxObjectBytes),
    GIT_ALLOW_PROTOCOL: remote?.protocol ?? '',
    ...printSettings(settingsFor(input)),
  };
}

function passedOn({ remote, credentials }: EnvironmentInput): readonly string[] {
  if (remote?.protocol === 'ssh') return forSsh;
  if (remote?.protocol !== 'https') return [];
  return credentials === undefined ? forHttps : [...forHttps, ...forCredentials];
}

function settingsFor({
  remote,
  credentials,
  followRedirects,
  addresses,
}: EnvironmentInput): Settings {
  if (remote?.protocol !== 'https' && remote?.protocol !== 'http') return [];
  const { authorization, host, port } = remote;
  return [
    ...(addresses === undefined
      ? []
      : [['http.curloptResolve', `${host}:${port}:${addresses.join(',')}`] as const]),
    // What is meant for one host must not travel to another.
    ['http.followRedirects', followRedirects && authorization === undefined ? 'initial' : 'false'],
    ...(authorization === undefined
      ? (credentials ?? [])
      : [['http.extraHeader', `Authorization: ${authorization}`] as const]),
  ];
}

/** In the environment, where no other user can read them, unlike arguments. */
function printSettings(settings: Settings): Record<string, string> {
  const pairs = settings.flatMap(([name, value], index) => [
    [`GIT_CONFIG_KEY_${index}`, name],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return { GIT_CONFIG_COUNT: String(settings.length), ...Object.fromEntries(pairs) };
}

function pick(environment: Environment, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

import { isAbsolute } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { SourceFailure } from '../../../core/failure.ts';
import { namesHost } from './hosts.ts';
import { redact } from './redact.ts';
import type { Remote, RemoteRules } from './remote-rules.ts';

const maxUrlLength = 2048;
// The URL standard forgives other numbers of slashes; git does not.
const urlPattern = /^(?:file:\/\/|[a-z]+:\/\/[^/])/i;
const hostPattern = /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])$/i;
const userPattern = /^[a-z0-9_][\w.-]*$/i;
const loopbackPattern = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;
const scpPattern = /^(?<user>[^@:/]+)@(?<host>[^@:/]+):(?<path>[^:]+)$/;
const supported =
  'Use a URL of the form https://host/path.git, ssh://user@host/path.git or git@host:path.git.';
const howToAllowLocal =
  'Use an https or ssh URL, or start Berth with BERTH_ALLOW_LOCAL_REPOSITORIES=true.';

/** @throws SourceFailure `refused` */
export function parseRemote(url: string, rules: RemoteRules): Remote {
  if (url.length > maxUrlLength) throw refused('A repository URL', 'is too long', supported);
  if (isAbsolute(url)) return localRemote(url, url, rules);
  // Backslashes too: git and the URL standard read them differently.
  if (!/^[\x21-\x7e]+$/.test(url) || url.includes('\\') || url.startsWith('-'))
    throw refused(quote(url), 'is not a URL that git may be given', supported);
  const scp = scpPattern.exec(url)?.groups;
  if (scp !== undefined) return scpRemote(url, scp, rules);
  return urlRemote(url, rules);
}

function urlRemote(text: string, rules: RemoteRules): Remote {
  const url = urlPattern.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.search !== '' || url.hash !== '')
    throw refused(quote(text), 'is not the URL of a repository', supported);
  switch (url.protocol) {
    case 'https:':
      return httpRemote(text, url, rules);
    case 'http:':
      return plainHttpRemote(text, url, rules);
    case 'ssh:':
      return sshRemote(text, url, rules);
    case 'file:':
      return localRemote(text, pathOf(text, url), rules);
    default:
      throw refused(quote(text), 'does not use https or ssh', supported);
  }
}

function httpRemote(text: string, url: URL, rules: RemoteRules): Remote {
  const port = portOf(url, url.protocol === 'http:' ? 80 : 443);
  requireHost(text, { host: url.hostname, port }, rules);
  const bare = new URL(url);
  bare.username = '';
  bare.password = '';
  return {
    protocol: 'https',
    url: bare.href,
    host: url.hostname,
    port,
    shown: redact(url.href),
    identity: url.href,
    // A user name alone is no credential: sites print it in clone URLs of public repositories.
    ...(url.password === '' ? {} : { authorization: basicAuthorization(text, url) }),
  };
}

function plainHttpRemote(text: string, url: URL, rules: RemoteRules): Remote {
  if (!loopbackPattern.test(url.hostname))
    throw refused(quote(text), 'is not encrypted', 'Use the https URL of the repository.');
  requireLocal(text, rules);
  return { ...httpRemote(text, url, { allowLocal: true }), protocol: 'http' };
}

function sshRemote(text: string, url: URL, rules: RemoteRules): Remote {
  const port = portOf(url, 22);
  requireHost(text, { host: url.hostname, port }, rules);
  if (url.password !== '')
    throw refused(quote(text), 'holds a password, which ssh does not take', supported);
  if (url.username !== '' && !userPattern.test(url.username))
    throw refused(quote(text), 'has no usable user name', supported);
  requirePath(text, url.pathname.slice(1));
  return { protocol: 'ssh', url: text, host: url.hostname, port, shown: text, identity: text };
}

function scpRemote(text: string, parts: Record<string, string>, rules: RemoteRules): Remote {
  const { user = '', host = '', path = '' } = parts;
  if (!userPattern.test(user)) throw refused(quote(text), 'has no usable user name', supported);
  requireHost(text, { host, port: 22 }, rules);
  requirePath(text, path);
  return { protocol: 'ssh', url: text, host, port: 22, shown: text, identity: text };
}

function localRemote(text: string, path: string, rules: RemoteRules): Remote {
  requireLocal(text, rules);
  if (hasControlCharacter(path)) throw refused(quote(text), 'holds control characters', supported);
  // As a URL: git ignores --depth for a plain path.
  const url = pathToFileURL(path).href;
  return { protocol: 'file', url, host: '', port: 0, shown: text, identity: url };
}

function pathOf(text: string, url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw new SourceFailure('refused', `${quote(text)} is not the path of a local repository.`, {
      nextStep: 'Use file:/// and the absolute path of the repository.',
      cause,
    });
  }
}

function requireLocal(text: string, { allowLocal }: RemoteRules): void {
  if (!allowLocal)
    throw refused(
      quote(text),
      'is local, and local repositories are switched off',
      howToAllowLocal,
    );
}

function requireHost(
  text: string,
  place: Pick<Remote, 'host' | 'port'>,
  { allowedHosts }: RemoteRules,
): void {
  if (!hostPattern.test(place.host))
    throw refused(quote(text), 'has no usable host name', supported);
  if (allowedHosts === undefined || namesHost(allowedHosts, place)) return;
  const choice = allowedHosts.length === 0 ? 'none' : allowedHosts.join(', ').toLowerCase();
  throw refused(quote(text), 'lies on a host that is not allowed here', `Allowed: ${choice}.`);
}

function portOf(url: URL, usual: number): number {
  return url.port === '' ? usual : Number(url.port);
}

function requirePath(text: string, path: string): void {
  if (path === '' || /^\/*-/.test(path) || hasControlCharacter(decoded(text, path)))
    throw refused(quote(text), 'has no usable path', supported);
}

function basicAuthorization(text: string, url: URL): string {
  const pair = `${decoded(text, url.username)}:${decoded(text, url.password)}`;
  if (hasControlCharacter(pair)) throw refused(quote(text), 'has no usable credentials', supported);
  return `Basic ${Buffer.from(pair).toString('base64')}`;
}

function decoded(text: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch (cause) {
    throw new SourceFailure('refused', `${quote(text)} is not encoded as a URL.`, {
      nextStep: supported,
      cause,
    });
  }
}

function hasControlCharacter(text: string): boolean {
  return /\p{Cc}/u.test(text);
}

function quote(url: string): string {
  // What cannot be parsed may hold its password anywhere in front of the last @.
  const hidden = URL.canParse(url) ? redact(url) : url.replace(/^(\w+:\/\/).*@/s, '$1***@');
  const visible = hidden.replaceAll(/\p{Cc}/gu, '?');
  return `"${visible.length > 200 ? `${visible.slice(0, 200)}…` : visible}"`;
}

function refused(what: string, why: string, nextStep: string): SourceFailure {
  return new SourceFailure('refused', `${what} ${why}.`, { nextStep });
}

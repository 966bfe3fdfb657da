import { stripVTControlCharacters } from 'node:util';
import { Failure, SourceFailure } from '../../../core/failure.ts';
import { lastLines } from '../../../core/report.ts';
import type { GitResult } from './git.ts';
import { redact } from './redact.ts';
import type { Remote } from './remote-rules.ts';

interface Explanation {
  /** Git has no error codes: in the locale C its words are all there is. */
  readonly pattern: RegExp;
  readonly message: (remote: Remote) => string;
  readonly nextStep: string;
}

const explanations: readonly Explanation[] = [
  {
    pattern: /host key verification failed/i,
    message: ({ shown, host }) => `The host key of ${host} is not known, so ${shown} was not read.`,
    nextStep: "Add the host's key to the known_hosts file of the user that runs Berth.",
  },
  {
    pattern:
      /terminal prompts disabled|authentication failed|could not read (?:username|password)|permission denied \(|error: 40[13]/i,
    message: ({ shown }) => `The repository ${shown} is private or does not exist.`,
    nextStep:
      'Check the URL. For a private repository use its ssh URL and give the user that runs Berth a key that may read it.',
  },
  {
    pattern:
      /repository .*not found|could not be found|does not appear to be a git repository|error: 404/i,
    message: ({ shown }) => `There is no repository at ${shown} that Berth may read.`,
    nextStep: 'Check the URL, and that the user that runs Berth may read the repository.',
  },
  {
    pattern: /error: 30[12378]|unable to update url base from redirection/i,
    message: ({ shown }) => `${shown} leads to another URL, which is not followed here.`,
    nextStep: 'Use the URL that it leads to.',
  },
  {
    pattern: /dumb http transport/i,
    message: ({ shown }) => `${shown} is a folder of files to its server, which is not fetched.`,
    nextStep: 'Use a git host, or let git itself answer there (git http-backend).',
  },
  {
    pattern: /over limit \d|out of memory|cannot allocate memory/i,
    message: ({ shown }) => `Reading ${shown} takes more memory than git is given here.`,
    nextStep: 'Remove large files from the repository, and tags and branches that nobody needs.',
  },
  {
    pattern: /no space left on device/i,
    message: ({ shown }) => `There was no space left to fetch ${shown}.`,
    nextStep: "Free space in Berth's data directory.",
  },
  {
    pattern: /could not resolve host/i,
    message: ({ shown, host }) => `The host name ${host} of ${shown} is not known.`,
    nextStep: 'Check the URL and the name server of this machine.',
  },
];

/** Why a repository could not be reached. */
export function explainUnreachable(
  result: GitResult,
  remote: Remote,
  timeoutMs: number,
): SourceFailure {
  if (result.end === 'timed-out')
    return unreachable(
      `The repository ${remote.shown} was not read within ${timeoutMs / 1000} s.`,
      'Try again, and check the network between this machine and the repository.',
      result,
    );
  if (result.end === 'not-started') return gitMissing(result);
  if (result.end === 'too-much-output')
    return unreachable(
      `The server of ${remote.shown} says more than is listened to.`,
      'Check the URL, and the hooks of that server.',
      result,
    );
  const known = explanations.find(({ pattern }) => pattern.test(result.stderr));
  return unreachable(
    known?.message(remote) ?? `The repository ${remote.shown} could not be read.`,
    known?.nextStep ?? 'Check the URL, and that this machine reaches it.',
    result,
  );
}

export function explainMissingTag(
  remote: Remote,
  tag: string,
  tags: readonly string[],
): SourceFailure {
  const choice = tags.length === 0 ? '' : ` Its newest tags: ${tags.join(', ')}.`;
  return new SourceFailure(
    'unreachable',
    `The repository ${remote.shown} has no tag, branch or commit "${tag}".`,
    { nextStep: `Push the tag, or use one that is there.${choice}` },
  );
}

export function explainNoCommit(remote: Remote, id: string): SourceFailure {
  return new SourceFailure('unreachable', `"${id}" of ${remote.shown} is not a commit.`, {
    nextStep: 'Use the name of the tag, or the id of the commit that it leads to.',
  });
}

export function explainMovedTag(
  remote: Remote,
  { tag, pinned, now }: { readonly tag: string; readonly pinned: string; readonly now: string },
): SourceFailure {
  return new SourceFailure(
    'unreachable',
    `The tag "${tag}" of ${remote.shown} moved from commit ${pinned} to ${now}, and the old commit can no longer be fetched.`,
    { nextStep: 'Set the repository of the connector again, so that the new commit is taken.' },
  );
}

/** For what git does with files of Berth's own: neither the repository's fault nor the person's. */
export function explainBroken(result: GitResult, doing: string): Failure {
  if (result.end === 'not-started') return gitMissing(result);
  return new Failure(`git failed ${doing} (${result.end}).`, {
    nextStep: "Check the free space and the permissions of Berth's data directory.",
    output: printOutput(result),
  });
}

function gitMissing(result: GitResult): SourceFailure {
  const nextStep = 'Install git 2.32 or newer where Berth runs.';
  return unreachable('The program git could not be started.', nextStep, result);
}

function unreachable(message: string, nextStep: string, result: GitResult): SourceFailure {
  return new SourceFailure('unreachable', message, { nextStep, output: printOutput(result) });
}

function printOutput({ stderr }: GitResult): string {
  // A server sends what it likes, and this is printed in terminals.
  const plain = stripVTControlCharacters(stderr.replaceAll('\r', '\n'));
  return lastLines(redact(plain.replaceAll(/[^\P{Cc}\n\t]/gu, '?')));
}

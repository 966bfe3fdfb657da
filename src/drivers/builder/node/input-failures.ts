import { BuildFailure } from '../../../core/failure.ts';

export function folderFailure(application: string, folders: readonly string[]): BuildFailure {
  const present =
    folders.length > 0 ? `It has: ${folders.join(', ')}.` : 'It has no folder at all.';
  return new BuildFailure('prepare', `The repository has no folder "${application}". ${present}`, {
    nextStep:
      'The name of an application in connect.yaml is the name of its folder: change one of the two, and tag again.',
  });
}

/** A dependency as a package.json of the application, or of a folder it depends on, has it. */
export interface NamedDependency {
  readonly application: string;
  readonly from: string;
  readonly dependency: string;
}

export function outsideFailure(named: NamedDependency): BuildFailure {
  return new BuildFailure('prepare', `${describe(named)}, which lies outside of the repository.`, {
    nextStep: 'Move the folder into the repository, or publish it as a package.',
  });
}

export function missingFailure(named: NamedDependency): BuildFailure {
  return new BuildFailure('prepare', `${describe(named)}, which the repository does not have.`, {
    nextStep: 'Commit the folder, or correct the path, and tag again.',
  });
}

export function tooManyFailure(application: string, limit: number): BuildFailure {
  return new BuildFailure(
    'prepare',
    `Application "${application}" depends on more than ${limit} folders of its repository.`,
    { nextStep: 'Join some of them.' },
  );
}

function describe({ application, from, dependency }: NamedDependency): string {
  return `Application "${application}" depends on "${shown(dependency)}" (${from}/package.json)`;
}

/** What a repository has written, in a message. */
export function shown(text: string): string {
  const plain = text.replaceAll(/\p{Cc}/gu, '?');
  return plain.length > maxShown ? `${plain.slice(0, maxShown).toWellFormed()}…` : plain;
}

const maxShown = 200;

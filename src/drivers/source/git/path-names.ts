const limits = { pathBytes: 1024, nameBytes: 255, depth: 64 };

/** Why a path of a repository is not written to disk; undefined where it may be. */
export function mistakeInPath(path: string): string | undefined {
  const names = path.split('/');
  if (/\p{Cc}/u.test(path)) return 'has control characters in its name';
  if (names.some((name) => name === '' || name === '.' || name === '..'))
    return 'is no path inside of the repository';
  if (names.some(isGitFolder)) return 'looks like the folder of git itself';
  if (Buffer.byteLength(path) > limits.pathBytes)
    return `has a path of more than ${limits.pathBytes} bytes`;
  if (names.some((name) => Buffer.byteLength(name) > limits.nameBytes))
    return `has a name of more than ${limits.nameBytes} bytes`;
  if (names.length > limits.depth) return `lies more than ${limits.depth} folders deep`;
  return undefined;
}

/** What HFS+ leaves out of names when it compares them. */
const ignoredByHfs = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/** As some file system reads it: in other case, with ignored characters, as a short name or with a stream. */
function isGitFolder(name: string): boolean {
  const plain = name.replaceAll(ignoredByHfs, '').toLowerCase();
  return /^(?:\.git|git~\d+)[. ]*(?::.*)?$/.test(plain) || /[\\:]\.git(?:[\\:]|$)/.test(plain);
}

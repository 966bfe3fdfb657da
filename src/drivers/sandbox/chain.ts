const join = 'while [ "$1" != -- ]; do echo 0 >"$1" || exit 125; shift; done; shift; exec "$@"';

/** A POSIX shell passes on no variable with another name. */
export function survivesShell(environment: Readonly<Record<string, string>>): boolean {
  return Object.keys(environment).every((name) => /^[A-Za-z_]\w*$/.test(name));
}

/** Puts itself into control groups, then becomes the program that follows. */
export function joinDoors(doors: readonly string[]): readonly string[] {
  return doors.length === 0 ? [] : ['/bin/sh', '-c', join, 'sh', ...doors, '--'];
}

const join = 'while [ "$1" != -- ]; do echo 0 >"$1" || exit 125; shift; done; shift; exec "$@"';

/** Puts itself into control groups, then becomes the program that follows. */
export function joinDoors(doors: readonly string[]): readonly string[] {
  return doors.length === 0 ? [] : ['/bin/sh', '-c', join, 'sh', ...doors, '--'];
}

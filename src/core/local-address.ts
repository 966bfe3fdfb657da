/** Where an instance answers: a loopback port, or a socket in the file system where it has a network of its own. */
export type LocalAddress =
  | { readonly host: string; readonly port: number }
  | { readonly socketPath: string };

/** For maps and messages: the same address has the same name. */
export function nameOfAddress(address: LocalAddress): string {
  return 'socketPath' in address ? address.socketPath : `${address.host}:${address.port}`;
}

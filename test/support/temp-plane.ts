import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ControlPlane, type ControlPlaneOptions, openControlPlane } from './control-plane.ts';

/** A control plane in a folder of its own, listening. */
export type TempPlane = ControlPlane & {
  readonly url: string;
  readonly address: { readonly hostname: string; readonly port: number };
};

export async function openTempPlane(options: ControlPlaneOptions): Promise<TempPlane> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'berth-plane-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const plane = stack.use(await openControlPlane(folder, 1, options));
  const address = await plane.listen();
  const opened = stack.move();
  return {
    ...plane,
    address,
    url: `http://${address.hostname}:${address.port}`,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

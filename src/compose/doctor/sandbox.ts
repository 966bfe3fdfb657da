import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Config } from '../../config/parse-config.ts';
import { openSandbox } from '../../drivers/sandbox/open-sandbox.ts';
import type { SandboxReport } from '../../drivers/sandbox/sandbox.ts';
import { type Check, check, type Finding, missing, ok, warning } from './check.ts';

const area = 'isolation';

/** What separates builds, scripts and applications from this machine, and how their limits are kept. */
export function checkSandbox({ sandbox: mode, network }: Config): Promise<Check>[] {
  const report = examineSandbox(mode, network);
  return [
    check(area, 'separation', async () => judgeSeparation(mode, await report)),
    check(area, 'network', async () => judgeNetwork({ mode, network }, await report)),
    check(area, 'memory', async () => judgeLimit((await report).memory)),
    check(area, 'processes', async () => judgeLimit((await report).processes)),
    check(area, 'processors', async () => judgeLimit((await report).cpu)),
  ];
}

async function examineSandbox(
  mode: Config['sandbox'],
  network: Config['network'],
): Promise<SandboxReport> {
  const directory = await mkdtemp(join(tmpdir(), 'berth-doctor-'));
  try {
    const { report } = await openSandbox({
      directory,
      mode: mode === 'off' ? 'off' : 'auto',
      network: network === 'shared' ? 'shared' : 'auto',
    });
    return report;
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function judgeSeparation(mode: Config['sandbox'], { separation }: SandboxReport): Finding {
  if (!separation.startsWith('none')) return ok(separation);
  const nextStep =
    mode === 'off'
      ? 'Run only connectors you trust, or set BERTH_SANDBOX to auto.'
      : 'Run only connectors you trust, or install it, for example with `apt-get install bubblewrap`, and allow user namespaces.';
  return mode === 'required' ? missing(separation, nextStep) : warning(separation, nextStep);
}

function judgeNetwork(
  { mode, network }: { mode: Config['sandbox']; network: Config['network'] },
  report: SandboxReport,
): Finding {
  if (!report.network.startsWith('this machine’s')) return ok(report.network);
  const nextStep =
    network === 'shared'
      ? 'Keep services of this machine behind passwords or a firewall, or set BERTH_NETWORK to auto.'
      : mode === 'off'
        ? 'Set BERTH_SANDBOX to auto.'
        : 'Install what it takes, for example with `apt-get install bubblewrap slirp4netns iproute2`, and let Berth use /dev/net/tun.';
  const found = network === 'private' ? missing : warning;
  return found(report.network, nextStep);
}

function judgeLimit(how: string): Finding {
  if (how.startsWith('control groups')) return ok(how);
  return warning(
    how,
    'Run Berth as root, or as a systemd service with Delegate=yes and DelegateSubgroup=berth: the kernel then keeps the limit for all processes together.',
  );
}

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Berth, startBerth } from './berth.ts';
import { serveRepository } from './git-http-server.ts';
import { createRepository, type TestFiles, type TestRepository } from './git-repository.ts';
import { type CliOptions, type CliResult, installOfficialCli } from './official-cli.ts';
import { openRecordingProxy, type RecordingProxy } from './recording-proxy.ts';
import { type Certificate, makeCertificate } from './self-signed-certificate.ts';

const program = join(import.meta.dirname, '../../src/cli/berth.ts');

/** A whole Berth, a repository that it reaches by https, and the official CLI of somebody who is logged in. */
export interface CliWorld extends AsyncDisposable {
  readonly berth: Berth;
  readonly repository: TestRepository;
  /** `https://127.0.0.1:<port>/connector.git`; `localhost` is as good. */
  readonly repositoryUrl: string;
  /** Between the CLI and Berth. */
  readonly proxy: RecordingProxy;
  readonly tls: Certificate;
  /** The file of `tls`. */
  readonly certificateFile: string;
  readonly home: string;
  /** Runs `commercetools <line>`; no word of it holds a space. */
  run(line: string, options?: Partial<CliOptions>): Promise<CliResult>;
  /** Runs `berth <args>`, beside the Berth that runs. */
  runBerth(args: readonly string[], home?: string): Promise<{ readonly stdout: string }>;
}

export async function openCliWorld(
  files: TestFiles,
  environment: Readonly<Record<string, string>> = {},
): Promise<CliWorld> {
  await using stack = new AsyncDisposableStack();
  const cli = await installOfficialCli();
  const home = await mkdtemp(join(tmpdir(), 'berth-cli-home-'));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  const tls = makeCertificate();
  const certificateFile = join(home, 'certificate.pem');
  await writeFile(certificateFile, tls.certificate);
  const repository = stack.use(await createRepository({ files, tag: 'v1' }));
  const git = stack.use(await serveRepository(repository, { tls }));
  const berth = stack.use(
    await startBerth({ environment: { GIT_SSL_CAINFO: certificateFile, ...environment } }),
  );
  const proxy = stack.use(await openRecordingProxy(berth.api));

  const runBerth: CliWorld['runBerth'] = (args, ownHome = home) =>
    execa(process.execPath, [program, ...args], {
      extendEnv: false,
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: ownHome,
        NODE_EXTRA_CA_CERTS: certificateFile,
        BERTH_DATA_DIR: berth.dataDirectory,
        BERTH_BOOTSTRAP_PROJECT_KEY: berth.projectKey,
        BERTH_BOOTSTRAP_CLIENT_ID: berth.client.id,
        BERTH_BOOTSTRAP_CLIENT_SECRET: berth.client.secret,
      },
    });
  const { stdout } = await runBerth(['cli-login', '--api-url', proxy.url]);
  const [, name = '', value = ''] = /^export (\w+)=(\S+)$/.exec(stdout) ?? [];
  proxy.take();
  const started = stack.move();
  return {
    ...{ berth, repository, proxy, tls, certificateFile, home, runBerth },
    repositoryUrl: git.url,
    run: (line, { environment: more, ...options } = {}) =>
      cli.run(line.split(' '), {
        home,
        environment: { TZ: 'UTC', [name]: value, ...more },
        ...options,
      }),
    [Symbol.asyncDispose]: () => started.disposeAsync(),
  };
}

import { describe, expect, test } from 'vitest';
import { parsePackageJson } from '../../../../src/drivers/builder/node/package-json.ts';
import {
  parseProcfile,
  parseStartLine,
  planStart,
} from '../../../../src/drivers/builder/node/start-command.ts';

describe('a line that is plainly node needs no shell', () => {
  test.each([
    ['node server.js', { args: ['server.js'], environment: {} }],
    ['  node   dist/index.js  ', { args: ['dist/index.js'], environment: {} }],
    ['node', { args: [], environment: {} }],
    ['node .', { args: ['.'], environment: {} }],
    [
      'node --max-old-space-size=512 -r dotenv/config build/index.js --port 1',
      {
        args: ['--max-old-space-size=512', '-r', 'dotenv/config', 'build/index.js', '--port', '1'],
        environment: {},
      },
    ],
    [
      `NODE_ENV=production A="b c" E= node 'my app.js' "x y"z ''`,
      {
        args: ['my app.js', 'x yz', ''],
        environment: { NODE_ENV: 'production', A: 'b c', E: '' },
      },
    ],
    [
      `node -e 'console.log("$HOME; ok")'`,
      { args: ['-e', 'console.log("$HOME; ok")'], environment: {} },
    ],
  ])('%j', (line, expected) => {
    expect(parseStartLine(line)).toEqual(expected);
  });
});

describe('a line with anything else is left to the shell', () => {
  test.each([
    'npm start',
    'nodemon server.js',
    './node server.js',
    'node server.js && echo done',
    'node a.js; node b.js',
    'node server.js &',
    'node server.js | pino-pretty',
    'node server.js > log',
    'node $FILE',
    'node "$FILE"',
    'node `which app`',
    'node "`which app`"',
    'node $(pwd)/app.js',
    'node *.js',
    'node app.?s',
    'node ~/app.js',
    'node {a,b}.js',
    'node app.js # comment',
    'node app\\ name.js',
    'node "unclosed',
    "node 'unclosed",
    'node a.js\nnode b.js',
    '"A=b" node app.js',
    'cross-env A=b node app.js',
    'A=b',
    '',
  ])('%j', (line) => {
    expect(parseStartLine(line)).toBeUndefined();
  });
});

test('a Procfile names one command line for each process type', () => {
  const text =
    '# comment\r\nweb: node a.js --x: 1 \r\nrelease:npm run migrate\n\nnot a line\nempty:\n';
  expect(parseProcfile(text)).toEqual({ web: 'node a.js --x: 1', release: 'npm run migrate' });
});

describe('how an application starts', () => {
  const plan = (
    scripts: Record<string, string>,
    more: { procfile?: string; server?: boolean } = {},
  ) =>
    planStart({
      application: 'service',
      procfile: more.procfile,
      packageJson: parsePackageJson(JSON.stringify({ scripts })),
      hasServerFile: more.server ?? false,
      runStart: 'npm start',
    });
  const node = (...args: string[]) => ({ kind: 'node', args, environment: {} });
  const shell = (command: string) => ({ kind: 'shell', command });

  test.each([
    ['a plain start script runs node itself', plan({ start: 'node a.js' }), node('a.js')],
    ['any other start script runs by npm', plan({ start: 'next start' }), shell('npm start')],
    [
      'a Procfile wins over the start script',
      plan({ start: 'node a.js' }, { procfile: 'web: node b.js' }),
      node('b.js'),
    ],
    [
      'a Procfile line is kept as it is where it needs a shell',
      plan({ start: 'node a.js' }, { procfile: 'web: A=$B node b.js' }),
      shell('A=$B node b.js'),
    ],
    [
      'a Procfile that calls npm start is followed',
      plan({ start: 'node a.js' }, { procfile: 'web: npm start' }),
      node('a.js'),
    ],
    [
      'a Procfile without web does not count',
      plan({ start: 'node a.js' }, { procfile: 'worker: node b.js' }),
      node('a.js'),
    ],
    [
      'a start script that runs another one is followed',
      plan({ start: 'npm run start:prod', 'start:prod': 'A=1 node a.js' }),
      { kind: 'node', args: ['a.js'], environment: { A: '1' } },
    ],
    [
      'scripts around the start script need npm',
      plan({ start: 'node a.js', prestart: 'node migrate.js' }),
      shell('npm start'),
    ],
    [
      'scripts around the one it runs need npm as well',
      plan({ start: 'yarn prod', prod: 'node a.js', postprod: 'node b.js' }),
      shell('npm start'),
    ],
    [
      'scripts that run each other for ever are left to npm',
      plan({ start: 'npm run again', again: 'npm start' }),
      shell('npm start'),
    ],
    ['server.js is the last resort', plan({}, { server: true }), node('server.js')],
  ])('%s', (_, planned, expected) => {
    expect(planned).toEqual(expected);
  });

  test('without any of them the message says what to add', () => {
    expect(() => plan({})).toThrow(
      expect.objectContaining({
        stage: 'prepare',
        message: 'Application "service" does not say how it starts.',
        nextStep: expect.stringContaining('service/package.json'),
      }),
    );
  });

  test('an application finds its name and version where npm would have put them', () => {
    const packageJson = parsePackageJson(
      JSON.stringify({ name: 'kit', version: '1.2.3', scripts: { start: 'node a.js' } }),
    );
    expect(
      planStart({
        application: 'service',
        procfile: undefined,
        packageJson,
        hasServerFile: false,
        runStart: 'npm start',
      }),
    ).toEqual({
      kind: 'node',
      args: ['a.js'],
      environment: { npm_package_name: 'kit', npm_package_version: '1.2.3' },
    });
  });
});

test.each(['constructor', 'toString', '__proto__'])('no script is named %s by itself', (name) => {
  const packageJson = parsePackageJson(JSON.stringify({ scripts: { start: `npm run ${name}` } }));
  expect(
    planStart({
      ...{ application: 'app', procfile: undefined, packageJson, hasServerFile: false },
      runStart: 'npm start',
    }),
  ).toEqual({ kind: 'shell', command: 'npm start' });
});

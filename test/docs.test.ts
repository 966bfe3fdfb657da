import { glob, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { generatedDocs } from '../scripts/generated-docs.ts';
import { settings } from '../src/config/settings.ts';
import { otherEndpoints } from '../src/control-plane/api/openapi/other-endpoints.ts';
import { routes } from '../src/control-plane/api/routes.ts';
import { errorTable } from '../src/core/errors.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
const documents = new Map<string, string>();

beforeAll(async () => {
  for await (const path of glob(['*.md', 'docs/**/*.md'], { cwd: root }))
    documents.set(path, await read(path));
});

describe('documents that are printed from the source', () => {
  it.each([...generatedDocs()])('%s is what `npm run docs` prints', async (path, text) => {
    expect(await read(path), 'Run `npm run docs` and commit the result').toBe(text);
  });
});

describe('docs/api-compat.md', () => {
  it('has a row for every endpoint, and none for what is not there', async () => {
    const rows = await readRows(/^`([A-Z]+ \/[^`]*)`/);
    const named = Map.groupBy(rows, ({ state }) => (state === 'absent' ? 'absent' : 'there'));
    const namesOf = (state: 'absent' | 'there') =>
      (named.get(state) ?? [])
        .flatMap(({ name, first }) => [name, ...othersOf(first)])
        .map(nameless);
    const told = namesOf('there');
    const real = [...routes, ...otherEndpoints]
      .map(({ method, path }) => nameless(`${method} ${path}`))
      .concat('GET /reference', 'POST /.commercetools.com/oauth/token');
    expect(
      real.filter((name) => !told.includes(name)),
      'not told',
    ).toEqual([]);
    expect(
      told.filter((name) => !real.includes(name)),
      'not there',
    ).toEqual([]);
    expect(
      namesOf('absent').filter((name) => real.includes(name)),
      'there by now',
    ).toEqual([]);
  });

  it('says of every error code whether it can be answered', async () => {
    const rows = await readRows(/^`(\w+)`$/);
    const there = rows.filter(({ state }) => state !== 'absent').map(({ name }) => name);
    expect(there.toSorted()).toEqual(Object.keys(errorTable).toSorted());
  });

  it('says of every command of the official CLI whether it works', async () => {
    const rows = await readRows(/^`((?:auth|connect) [a-z ]+)`$/);
    const known = (await read('test/fixtures/official-cli/commands.txt')).trim().split('\n');
    const commands = known.map((line) => line.replace(/ (?:--|[A-Z]).*$/, ''));
    expect(rows.map(({ name }) => name).toSorted()).toEqual(commands);
  });

  /** The tables' rows whose first cell names something. */
  async function readRows(pattern: RegExp) {
    const lines = (await read('docs/api-compat.md')).split('\n');
    return lines.flatMap((line) => {
      const [, first = '', state = ''] = line.split('|').map((cell) => cell.trim());
      const name = pattern.exec(first)?.[1];
      return name === undefined ? [] : [{ name, first, state }];
    });
  }

  /** A second endpoint in the same cell. "and `/key={key}`" is another way to name the same, and one endpoint with it. */
  const othersOf = (first: string): readonly string[] =>
    [...first.matchAll(/, `([A-Z]+ \/[^`]*)`/g)].map(([, name = '']) => name);

  /** However a parameter is called. A `:verb` at the end, as Google has it, is none. */
  const nameless = (endpoint: string): string => endpoint.replace(/(?<=\/):\w+|\{\w+\}/g, '{}');
});

describe('every document', () => {
  test('links to what is there', async () => {
    const links = [...documents].flatMap(([path, text]) =>
      [...text.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].map(([, to = '', anchor]) => ({
        path,
        to: to === '' ? path : join(dirname(path), to),
        anchor,
      })),
    );
    const broken = await Promise.all(
      links.map(async ({ path, to, anchor }) => {
        const isThere = await exists(to);
        const isAnchored = anchor === undefined || anchorsOf(to).includes(anchor);
        return isThere && isAnchored ? [] : [`${path}: ${to}#${anchor ?? ''}`];
      }),
    );
    expect(broken.flat()).toEqual([]);
  });

  test('names files that are there', async () => {
    const named = findAll(/`((?:src|test|docs|examples|scripts|bench)\/[\w./-]*)`/g);
    const missing = await Promise.all(
      named.map(async ({ path, found }) => ((await exists(found)) ? [] : [`${path}: ${found}`])),
    );
    expect(missing.flat()).toEqual([]);
  });

  test('names npm scripts that are there', async () => {
    const { scripts } = JSON.parse(await read('package.json')) as { scripts: object };
    // `build` is a connector's.
    const missing = findAll(/npm run ([\w:-]+)/g).filter(
      ({ found }) => !(found in scripts) && found !== 'build',
    );
    expect(missing).toEqual([]);
  });

  test('names settings that are there', () => {
    const variables = Object.values(settings).map(({ variable }): string => variable);
    const missing = findAll(/`(BERTH_[A-Z_]*[A-Z])`/g).filter(
      ({ found }) => !variables.includes(found),
    );
    expect(missing).toEqual([]);
  });
});

function findAll(pattern: RegExp): readonly { readonly path: string; readonly found: string }[] {
  return [...documents].flatMap(([path, text]) =>
    [...text.matchAll(pattern)].map(([, found = '']) => ({ path, found })),
  );
}

/** As code hosts make them of headings. */
function anchorsOf(path: string): readonly string[] {
  const headings = (documents.get(path) ?? '').matchAll(/^#+ (.+)$/gm);
  return [...headings].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, '')
      .trim()
      .replaceAll(/\s/g, '-'),
  );
}

async function exists(path: string): Promise<boolean> {
  return (await stat(join(root, path)).catch(() => undefined)) !== undefined;
}

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTempPlane, type TempPlane } from '../support/temp-plane.ts';

let plane: TempPlane;
let origin: string;

beforeAll(async () => {
  plane = await openTempPlane({});
  origin = plane.url;
});

afterAll(() => plane?.[Symbol.asyncDispose]());

/** What a browser asks for after the page, and after each of these files. */
const assets = [
  '/reference/static/swagger-ui.css',
  '/reference/static/index.css',
  '/reference/static/swagger-ui-bundle.js',
  '/reference/static/swagger-ui-standalone-preset.js',
  '/reference/static/swagger-initializer.js',
  '/reference/static/favicon-32x32.png',
  '/reference/static/favicon-16x16.png',
];
/** Read to its end: the server does not close behind an answer that nobody reads. */
async function get(path: string, requestHeaders = {}): Promise<Response> {
  const sent = { redirect: 'manual', headers: requestHeaders } as const;
  const answer = await fetch(`${origin}${path}`, sent);
  const { status, headers } = answer;
  const body = await answer.arrayBuffer();
  return new Response(body.byteLength === 0 ? null : body, { status, headers });
}
const textOf = async (path: string) => (await get(path)).text();

describe('the reference page', () => {
  test('is where the root of the API leads', async () => {
    const answer = await get('/');

    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/reference']);
  });

  test('is HTML that loads the files that are served beside it, and nothing else', async () => {
    const page = await get('/reference');
    const html = await page.text();
    const loaded = [...html.matchAll(/\b(?:src|href)="([^"]*)"/g)].map(([, url]) => url);

    expect([page.status, page.headers.get('content-type')]).toEqual([
      200,
      'text/html; charset=utf-8',
    ]);
    expect(loaded.toSorted()).toEqual(assets.toSorted());
    expect(html).not.toMatch(/<script(?![^>]* src=)|<style| style=| on\w+=/);
  });

  test.for(assets)('%s is there', async (path) => {
    const answer = await get(path);

    expect(answer.status).toBe(200);
    expect((await answer.arrayBuffer()).byteLength).toBeGreaterThan(100);
  });

  test('shows the description of this Berth', async () => {
    const { initializer, shown, description } = {
      initializer: await textOf('/reference/static/swagger-initializer.js'),
      shown: JSON.parse(await textOf('/reference/json')),
      description: JSON.parse(await textOf('/openapi.json')),
    };

    expect(initializer).toContain("url: resolveUrl('./json')");
    expect(shown).toEqual(description);
  });

  test('loads nothing from elsewhere: no style sheet, no validator', async () => {
    for (const path of assets.filter((one) => one.endsWith('.css'))) {
      const urls = [...(await textOf(path)).matchAll(/url\(\s*["']?([^)"']{0,20})|@import/g)];
      expect(urls.filter(([, url = '']) => !url.startsWith('data:'))).toEqual([]);
    }
    const initializer = await textOf('/reference/static/swagger-initializer.js');
    expect(initializer).toContain('validatorUrl: null');
    expect(initializer.replaceAll(/data:image[^']*/g, '')).not.toMatch(
      /https?:\/\/(?!stackoverflow\.com\/a\/77855838)/,
    );
  });

  test('keeps what is typed in only as long as the tab lives', async () => {
    const initializer = await textOf('/reference/static/swagger-initializer.js');

    expect(initializer).toContain('"persistAuthorization":false');
    expect(initializer).toContain('ui.initOAuth({})');
    expect((await get('/reference')).headers.get('set-cookie')).toBeNull();
  });

  test.for(['/reference', '/reference/', '/reference/json', ...assets])(
    '%s may talk to this Berth alone, and is looked at anew each time',
    async (path) => {
      const { headers } = await get(path);
      const policy = new Map(
        (headers.get('content-security-policy') ?? '').split('; ').map((directive) => {
          const [name = '', ...sources] = directive.split(' ');
          return [name, sources.join(' ')] as const;
        }),
      );

      expect(policy.get('default-src')).toBe("'none'");
      expect(policy.get('script-src')).toBe("'self'");
      expect(policy.get('connect-src')).toBe("'self'");
      expect([...policy.values()].join(' ')).not.toMatch(/unsafe|https?:|\*/);
      expect(policy.get('frame-ancestors')).toBe("'none'");
      expect(headers.get('cache-control')).toBe('no-cache');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
    },
  );

  test('sends a file again only if it has changed', async () => {
    const [path = ''] = assets;
    const etag = (await get(path)).headers.get('etag') ?? '';

    // fetch would add `Cache-Control: no-cache`, as a forced reload does.
    const asked = request(`${origin}${path}`, { headers: { 'if-none-match': etag } }).end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    answer.resume();

    expect(answer.statusCode).toBe(304);
  });

  test('gives its policy to no other answer', async () => {
    expect((await get('/openapi.json')).headers.get('content-security-policy')).toBeNull();
  });

  test.for([
    '/reference/static/..%2f..%2fpackage.json',
    '/reference/static/%2e%2e/%2e%2e/package.json',
    '/reference/static/.hidden',
    '/reference/static/nothing.js',
    '/reference/static/%00',
    '/reference/nothing',
  ])('%s is not there', async (path) => {
    const answer = await get(path);

    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ errors: [{ code: 'ResourceNotFound' }] });
  });
});

test('the page can get a token with client credentials, and use it', async () => {
  const { components, paths } = JSON.parse(await textOf('/reference/json'));
  const { tokenUrl } = components.securitySchemes.oauth2.flows.clientCredentials;
  await plane.token('reference');
  const owner = await plane.tokenWith('reference');
  const client = await plane.request(
    'POST',
    '/reference/api-clients',
    { name: 'a browser', scope: 'view_connectors_deployments:reference' },
    owner,
  );
  // As the page does it: credentials by Basic, the origin that every browser names.
  const granted = await fetch(new URL(tokenUrl, `${origin}/reference`), {
    method: 'POST',
    headers: {
      authorization: `Basic ${btoa(`${client.body.id}:${client.body.secret}`)}`,
      'content-type': 'application/x-www-form-urlencoded',
      'x-requested-with': 'XMLHttpRequest',
      origin,
    },
    body: 'grant_type=client_credentials',
  });
  const { access_token: token } = (await granted.json()) as { access_token: string };
  const listed = await get('/reference/deployments', { authorization: `Bearer ${token}` });

  expect(paths['/{projectKey}/deployments'].get.security).toContainEqual({
    oauth2: ['view_connectors_deployments:{projectKey}'],
  });
  expect([client.status, granted.status, listed.status]).toEqual([201, 200, 200]);
});

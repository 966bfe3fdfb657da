import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** Another issuer of access tokens, with the introspection endpoint of RFC 7662. */
export interface TokenIssuer extends AsyncDisposable {
  readonly url: string;
  /** What it says of each token; of others, that they are not active. Throw to answer 500. */
  readonly answers: Map<string, unknown>;
  /** The tokens it was asked about. */
  readonly asked: readonly string[];
  /** Instead of JSON of `answers`. */
  respond: ((response: ServerResponse, token: string) => void) | undefined;
}

export const issuerClient = { clientId: 'berth', clientSecret: 'secret' };

export async function openTokenIssuer(): Promise<TokenIssuer> {
  const asked: string[] = [];
  const expected = `Basic ${btoa(`${issuerClient.clientId}:${issuerClient.clientSecret}`)}`;
  const server = createServer(async (request, response) => {
    const token = new URLSearchParams(await text(request)).get('token') ?? '';
    asked.push(token);
    if (issuer.respond !== undefined) return issuer.respond(response, token);
    const known = request.headers.authorization === expected && request.method === 'POST';
    response
      .writeHead(known ? 200 : 401, { 'content-type': 'application/json' })
      .end(JSON.stringify(issuer.answers.get(token) ?? { active: false }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer: TokenIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/oauth/introspect`,
    answers: new Map(),
    asked,
    respond: undefined,
    async [Symbol.asyncDispose]() {
      if (!server.listening) return;
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return issuer;
}

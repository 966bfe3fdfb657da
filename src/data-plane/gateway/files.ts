import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Readable } from 'node:stream';
import sirv from 'sirv';
import type { Route, Target } from '../../core/route-table.ts';
import { answerError, breakOff } from './error-answer.ts';
import { type FileIndex, findFile, indexFiles } from './file-index.ts';
import { originForm } from './origin-form.ts';

export interface FileSite {
  answer(req: IncomingMessage, res: ServerResponse, correlationId: string): void;
}

type FilesTarget = Extract<Target, { kind: 'files' }>;

/**
 * Serves a folder of built files. They are loaded from pages of other origins, so every answer allows that.
 * @throws where the folder cannot be read
 */
export async function openFileSite(
  route: Route,
  target: FilesTarget,
  fileLimit: number,
): Promise<FileSite> {
  const index = await indexFiles(target.directory, fileLimit);
  // `dev` keeps it from scanning the folder by itself, which would follow links out of it. The file's name is not
  // the file's version, so browsers ask again each time, and the etag answers.
  const send = sirv(index.directory, { dev: true, etag: true, dotfiles: true });

  return {
    answer(req, res, correlationId) {
      res.setHeader('X-Correlation-ID', correlationId);
      res.setHeader('Access-Control-Allow-Origin', '*');
      if (req.method === 'OPTIONS') return answerPreflight(req, res);
      if (req.method !== 'GET' && req.method !== 'HEAD') return refuseMethod(req, res);
      const path = pathOf(req.url);
      const file = answering(index, path, target.singlePage);
      const missing = (): void => answerMissing(res, route, path);
      if (file === undefined) return missing();
      dropUnusableRange(req);
      closeWithAnswer(res);
      req.url = encodeURI(file);
      send(req, res, missing);
    },
  };
}

function answering(index: FileIndex, path: string, singlePage: boolean): string | undefined {
  return findFile(index, path) ?? (singlePage ? findFile(index, '/') : undefined);
}

function pathOf(url: string | undefined): string {
  const path = originForm(url)?.split('?', 1)[0] ?? '/';
  try {
    return decodeURIComponent(path);
  } catch {
    // No file has such a name, and a single page takes it as any other.
    return path;
  }
}

function answerPreflight(req: IncomingMessage, res: ServerResponse): void {
  res.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, HEAD, OPTIONS',
    'Access-Control-Allow-Headers': req.headers['access-control-request-headers'] ?? '*',
    'Access-Control-Max-Age': '86400',
  });
  res.end();
}

function refuseMethod(req: IncomingMessage, res: ServerResponse): void {
  answerError(res, {
    status: 405,
    code: 'MethodNotAllowed',
    message: `Files answer GET, HEAD and OPTIONS, not ${req.method}.`,
    headers: { Allow: 'GET, HEAD, OPTIONS' },
  });
}

function answerMissing(res: ServerResponse, route: Route, path: string): void {
  const { applicationName, deploymentId } = route;
  const message = `Application ${applicationName} of deployment ${deploymentId} has no file ${path.slice(0, 200)}.`;
  answerError(res, { status: 404, code: 'ResourceNotFound', message });
}

/** The file server takes a range as it comes; one it cannot serve becomes the whole file, which is always allowed. */
function dropUnusableRange(req: IncomingMessage): void {
  const { range } = req.headers;
  if (range === undefined) return;
  const [, from, to] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(range) ?? [];
  // It reads an end of 0 as no end.
  const usable =
    from !== undefined && (to === '' || (Number(to) > 0 && Number(from) <= Number(to)));
  if (!usable || req.headers['if-range'] !== undefined) delete req.headers.range;
}

/** A file that cannot be read any more ends its answer, and an answer that ends closes its file. */
function closeWithAnswer(res: ServerResponse): void {
  res.once('pipe', (file: Readable) => {
    file.once('error', () => breakOff(res));
    res.once('close', () => file.destroy());
  });
}

import { settings } from '../src/config/settings.ts';
import { errorTable } from '../src/core/errors.ts';

/** The documents that are printed from the source, by their path in the repository. */
export function generatedDocs(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/configuration.md', printConfiguration()],
    ['docs/errors.md', printErrors()],
  ]);
}

function printConfiguration(): string {
  const rows = Object.values(settings).map(({ variable, default: fallback, doc }) => [
    code(variable),
    fallback === '' ? 'unset' : code(fallback),
    doc.replaceAll(/\bBERTH_[A-Z_]+/g, code),
  ]);
  return page(
    'Configuration',
    'src/config/settings.ts',
    `Berth reads environment variables, once, when it starts. An empty variable counts as unset.
What cannot be read stops the start with a list of every mistake.`,
    table(['Variable', 'Default', 'What it is'], rows),
  );
}

function printErrors(): string {
  const rows = Object.entries(errorTable).map(([name, row]) => [
    code(name),
    String(row.status),
    printTemplate(row as Template),
    Object.keys((row as Template).extras?.(placeholder('')) ?? {})
      .map(code)
      .join(', '),
  ]);
  return page(
    'Errors',
    'src/core/errors.ts',
    `Every error the API can answer. Nothing else is answered to a client. The body is
\`{"statusCode", "message", "errors": [{"code", "message", …}]}\`; several mistakes of the same status
come together, and a 401 carries its message once more as \`error\`. Words in braces stand for values.

[api-compat.md](api-compat.md) says which of them are as in commercetools Connect. The token endpoint
answers OAuth's own codes, and the gateway has a few of its own:
[troubleshooting.md](troubleshooting.md).`,
    table(['Code', 'Status', 'Message', 'Further fields'], rows),
  );
}

interface Template {
  readonly message: (parameters: unknown) => unknown;
  readonly extras?: (parameters: unknown) => Readonly<Record<string, unknown>>;
}

function printTemplate({ message }: Template): string {
  return String(message(placeholder('')));
}

/** Stands for a message's parameters: each field prints as its own name in braces. */
function placeholder(path: string): object {
  return new Proxy(
    {},
    {
      get(_, key) {
        if (typeof key === 'symbol' || key === 'toString') return () => `{${path}}`;
        return placeholder(path === '' ? key : `${path}.${key}`);
      },
    },
  );
}

function page(title: string, source: string, introduction: string, body: string): string {
  return `# ${title}

<!-- Printed by \`npm run docs\` from ${source}. Change it there. -->

${introduction}

${body}
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const print = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [print(head), print(head.map(() => '---')), ...rows.map(print)].join('\n');
}

function code(text: string): string {
  return `\`${text}\``;
}

import { readFile } from 'node:fs/promises';
import { Failure } from '../../core/failure.ts';

export interface ValueOptions {
  readonly updateConnector?: true;
  readonly skipScripts?: true;
  readonly set?: readonly string[];
  readonly setGlobal?: readonly string[];
  readonly values?: string;
}

interface Value {
  readonly key: string;
  readonly value: string;
}

interface Values {
  readonly standardConfiguration?: readonly Value[];
  readonly securedConfiguration?: readonly Value[];
}

interface ApplicationValues extends Values {
  readonly applicationName: string;
}

/** The update action of the options: values of the file, and over them those of the command line. */
export async function readRedeploy(options: ValueOptions): Promise<object> {
  const file = options.values === undefined ? {} : await readValues(options.values);
  const { set = [], setGlobal = [] } = options;
  const configurationValues = withValues(file.configurationValues, set);
  const globals = setGlobal.map((text) => parseValue('--set-global', text));
  return {
    action: 'redeploy',
    updateConnector: options.updateConnector ?? false,
    skipScripts: options.skipScripts ?? false,
    ...(configurationValues === undefined ? {} : { configurationValues }),
    ...(file.globalConfiguration === undefined && globals.length === 0
      ? {}
      : { globalConfiguration: over(file.globalConfiguration ?? {}, globals) }),
  };
}

interface ValuesFile {
  readonly configurationValues?: readonly ApplicationValues[];
  readonly globalConfiguration?: Values;
}

const parts: readonly string[] = ['configurationValues', 'globalConfiguration'];

/** What is in the two parts the API looks at, and says what is wrong with them. */
async function readValues(path: string): Promise<ValuesFile> {
  const nextStep =
    'For example: {"configurationValues": [{"applicationName": "shop", "securedConfiguration": [{"key": "TOKEN", "value": "…"}]}]}';
  const content = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new Failure(`--values: ${path} cannot be read.`, { cause });
  });
  const parsed = parseJson(content);
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Failure(`--values: ${path} is no JSON object.`, { nextStep });
  const unknown = Object.keys(parsed).filter((name) => !parts.includes(name));
  if (unknown.length > 0)
    throw new Failure(
      `--values: ${path} has ${unknown.join(', ')}, and only ${parts.join(' and ')} are read.`,
      {
        nextStep,
      },
    );
  const { configurationValues = [], globalConfiguration = {} } = parsed as ValuesFile;
  if (!Array.isArray(configurationValues))
    throw new Failure(`--values: configurationValues of ${path} is no list.`, { nextStep });
  if (![...configurationValues, globalConfiguration].every(areValues))
    throw new Failure(`--values: ${path} has no lists of values where they belong.`, { nextStep });
  return parsed;
}

/** As far as it is looked at here. The API says what else is wrong. */
function areValues(value: unknown): value is Values {
  if (typeof value !== 'object' || value === null) return false;
  const { standardConfiguration = [] }: { readonly standardConfiguration?: unknown } = value;
  const isValue = (one: unknown) => typeof one === 'object' && one !== null;
  return Array.isArray(standardConfiguration) && standardConfiguration.every(isValue);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Its message would show a part of the file, which holds secrets.
    return undefined;
  }
}

function withValues(
  inFile: readonly ApplicationValues[] | undefined,
  set: readonly string[],
): readonly ApplicationValues[] | undefined {
  if (inFile === undefined && set.length === 0) return undefined;
  const all = [...(inFile ?? [])];
  for (const { name, value } of set.map(parseSet)) {
    const at = all.findIndex(({ applicationName }) => applicationName === name);
    const changed = over(all[at] ?? { applicationName: name }, [value]);
    all.splice(at < 0 ? all.length : at, 1, changed);
  }
  return all;
}

function parseSet(text: string): { readonly name: string; readonly value: Value } {
  const { key, value } = parseValue('--set', text);
  const dot = key.indexOf('.');
  if (dot < 1 || dot === key.length - 1)
    throw new Failure(`--set must be application.KEY=value, not "${key}=…".`);
  return { name: key.slice(0, dot), value: { key: key.slice(dot + 1), value } };
}

function parseValue(option: string, text: string): Value {
  const equals = text.indexOf('=');
  if (equals < 1) throw new Failure(`${option} must end with KEY=value.`);
  return { key: text.slice(0, equals), value: text.slice(equals + 1) };
}

function over<T extends Values>(values: T, standard: readonly Value[]): T {
  const keys = new Set(standard.map(({ key }) => key));
  const kept = (values.standardConfiguration ?? []).filter(({ key }) => !keys.has(key));
  return { ...values, standardConfiguration: [...kept, ...standard] };
}

import { assignedProjects, type Connector, type IntegrationType } from './connector.ts';

/** What a project looks for among the published Connectors (contract §3.3, §7). Everything that is named must hold. */
export interface ConnectorSearch {
  /** The caller's: what it may not see is not found. */
  readonly projectKey: string;
  /** Only private ones that are assigned to the caller's project, instead of all that it may see. */
  readonly onlyPrivate: boolean;
  /** Each must be somewhere in name or description. From `wordsOf`. */
  readonly words: readonly string[];
  /** Without regard to case. */
  readonly company?: string;
  /** Any one of them, as in the next two; all if empty. */
  readonly ids: readonly string[];
  readonly keys: readonly string[];
  readonly integrationTypes: readonly IntegrationType[];
}

/** How texts are compared: any case, and any way to write the same character. */
export function foldText(text: string): string {
  return text.normalize('NFKC').toLowerCase();
}

export function wordsOf(text: string): readonly string[] {
  return [...new Set(foldText(text).split(/\s+/))].filter((word) => word !== '');
}

/** What the words are looked for in. */
export function searchedText({ name, description = '' }: Connector): string {
  return foldText(`${name}\n${description}`);
}

/** The rule that every store's search follows. */
export function isFound(connector: Connector, search: ConnectorSearch): boolean {
  const text = searchedText(connector);
  const isAssigned = assignedProjects(connector).includes(search.projectKey);
  const isOneOf = (wanted: readonly string[], has: readonly (string | undefined)[]) =>
    wanted.length === 0 || wanted.some((one) => has.includes(one));
  return (
    connector.listed &&
    (connector.private ? isAssigned : !search.onlyPrivate) &&
    search.words.every((word) => text.includes(word)) &&
    (search.company === undefined ||
      foldText(connector.creator.company ?? '') === foldText(search.company)) &&
    isOneOf(search.ids, [connector.id]) &&
    isOneOf(search.keys, [connector.key]) &&
    isOneOf(search.integrationTypes, connector.integrationTypes)
  );
}

/** One thing that is wrong in a document somebody wrote, and where. */
export interface Mistake {
  /** `deployAs.0.endpoint`; `file content` where it is about the whole. */
  readonly path: string;
  readonly message: string;
}

export const wholeFile = 'file content';

const maxMistakes = 100;
const maxCharacters = 1000;

/** Keeps what a hostile document can make us repeat within a readable size. */
export function boundMistakes(mistakes: readonly Mistake[]): readonly Mistake[] {
  const shown = mistakes.slice(0, maxMistakes).map(({ path, message }) => ({
    path: bounded(path),
    message: bounded(message),
  }));
  const hidden = mistakes.length - shown.length;
  return hidden === 0
    ? shown
    : [...shown, { path: wholeFile, message: `… and ${hidden} more mistakes` }];
}

function bounded(text: string): string {
  return text.length <= maxCharacters ? text : `${text.slice(0, maxCharacters).toWellFormed()}…`;
}

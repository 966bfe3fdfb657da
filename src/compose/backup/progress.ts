/** Called for each row: what it belongs to, and its number there. */
export type Progress = (what: string, rows: number) => void;

/** Called now and then: what it belongs to, and how many rows of it are done. */
export type Progress = (what: string, rows: number) => void;

/** Names and values in turn, as `rawHeaders` of Node has them: order, case and repeats survive. */
export type FlatHeaders = string[];

import { z } from 'zod';

/**
 * Text that people read, in terminals and logs too: no control characters, no halves of a character. Too long a text is
 * looked at no further: patterns are for texts of a bounded length.
 */
export const line = (max: number) =>
  z
    .string()
    .max(max, { abort: true })
    .refine((text) => isReadable(text, controls), {
      message: 'Must be one line of text, without control characters',
    });

/** The same of several lines. */
export const lines = (max: number) =>
  z
    .string()
    .max(max, { abort: true })
    .refine((text) => isReadable(text, controlsInLines), {
      message: 'Must be text, without control characters other than line ends and tabs',
    });

const controls = /\p{Cc}/u;
const controlsInLines = /(?![\t\n\r])\p{Cc}/u;

function isReadable(text: string, unreadable: RegExp): boolean {
  return text.isWellFormed() && !unreadable.test(text);
}

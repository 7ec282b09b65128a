import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { inProject } from '../../../scripts/support/project.mjs';

/** A fenced block of a document. */
export interface Sample {
  /** The document and the line that the block starts on. */
  where: string;
  /** What is written after the fence. */
  language: string;
  code: string;
  /** The file that it shows, if the line before says so: its name in backticks and a colon. */
  file?: string;
}

/** The README and the guides. */
export const DOCUMENTS = [
  'README.md',
  ...readdirSync(inProject('docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join('docs', name)),
];

/** The text of a document. */
export const textOf = (document: string): string => readFileSync(inProject(document), 'utf8');

/** All blocks of a document, in order. */
export function samplesOf(document: string): Sample[] {
  const text = textOf(document);
  return [...text.matchAll(/(?:^`([\w.-]+)`:\n\n)?^```(\w*)\n(.*?)^```$/gms)].map(
    ({ index, 0: all, 1: file, 2: language = '', 3: code = '' }) => ({
      where: `${document}:${text.slice(0, index + all.indexOf('```')).split('\n').length}`,
      language,
      code,
      ...(file && { file }),
    }),
  );
}

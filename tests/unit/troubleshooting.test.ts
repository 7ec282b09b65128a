import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

/** The guide in one line, with what varies in a message marked by an ellipsis. */
const GUIDE = readFileSync('docs/troubleshooting.md', 'utf8').replaceAll(/\s+/g, ' ');

/** The sources below a folder, without tests. */
function sources(folder: string, extension: string): { file: string; text: string }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension) && !/tests?\.rs$/.test(name))
    .map((name) => path.join(folder, name))
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}

/** Rust as the compiler sees it: no comments, no attributes of documentation, no tests. */
const withoutTests = (text: string) =>
  text.replace(/^#\[cfg\(test\)\]\nmod [\s\S]*/m, '').replaceAll(/^\s*\/\/.*$/gm, '');

const unescaped = (text: string) => text.replaceAll(/\\\n\s*/g, '').replaceAll(/\\(["'`\\])/g, '$1');

/** Parts of messages that are in the source as such, between what varies. */
const parts = (message: string, varies: RegExp) =>
  unescaped(message)
    .split(varies)
    .map((part) => part.replaceAll(/\s+/g, ' ').trim())
    .filter((part) => /\p{L}/u.test(part));

function unlisted(messages: string[]): string[] {
  return [...new Set(messages)].filter((message) => !GUIDE.includes(message));
}

describe('the guide to troubleshooting lists', () => {
  test('every message of the TypeScript part', () => {
    const literal = /(?:Error|reportError|warn)\(\s*(?:`([^`]*)`|'((?:[^'\\]|\\.)*)'|"([^"]*)")/g;
    const messages = sources('js', '.ts').flatMap(({ text }) =>
      [...text.matchAll(literal)].flatMap(([, a, b, c]) =>
        parts(a ?? b ?? c ?? '', /\$\{(?:[^{}]|\{[^}]*\})*\}/),
      ),
    );
    expect(messages.length).toBeGreaterThan(10);
    expect(unlisted(messages)).toEqual([]);
  });

  test('every message of the plugin in WebAssembly', () => {
    // All that the plugin has to say in three words or more is for people.
    const messages = sources('src', '.rs').flatMap(({ text }) =>
      [
        ...withoutTests(text)
          .replaceAll(/#\[[^\]]*\]/g, '')
          .matchAll(/"((?:[^"\\]|\\[\s\S])*)"/g),
      ]
        .map(([, message = '']) => message)
        .filter((message) => /\S \S+ \S/.test(message))
        .flatMap((message) => parts(message, /\{[^}]*\}/)),
    );
    expect(messages.length).toBeGreaterThan(10);
    expect(unlisted(messages)).toEqual([]);
  });

  test('every message of the npm package of the mock server', () => {
    const launcher = readFileSync('npm/signals-mock-server/bin.js', 'utf8');
    const messages = [...launcher.matchAll(/`error: ([^`]*)`/g)].flatMap(([, message = '']) =>
      parts(message, /\$\{(?:[^{}]|\{[^}]*\})*\}/),
    );
    expect(messages.length).toBeGreaterThan(2);
    expect(unlisted(messages)).toEqual([]);
  });

  test('every error and warning of the servers', () => {
    const said = /(?:#\[error\(|tracing::(?:warn|error)!\()\s*"((?:[^"\\]|\\[\s\S])*)"/g;
    const messages = ['crates/server/src', 'crates/mock-server/src']
      .flatMap((folder) => sources(folder, '.rs'))
      .flatMap(({ text }) =>
        [...withoutTests(text).matchAll(said)].flatMap(([, message = '']) => parts(message, /\{[^}]*\}/)),
      );
    expect(messages.length).toBeGreaterThan(10);
    expect(unlisted(messages)).toEqual([]);
  });
});

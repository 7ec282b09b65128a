// Shortens the names that the WebAssembly and its glue know each other's functions by.

const MODULE = /"\.\/\w+_bg\.js"/g;

/**
 * Gives everything imported and exported a short name, which makes the download a tenth smaller: wasm-bindgen makes names like
 * `__wbg_addEventListener_5bb5bb2c5a3d1c23` unique by a hash, which no compression can shorten.
 *
 * @param {string} wat the WebAssembly in its text form
 * @param {string} glue the script that wasm-bindgen generated for it
 * @returns {{wat: string, glue: string}} both with the same new names; `memory` keeps its own
 */
export function shortenNames(wat, glue) {
  const imports = new Names('i');
  const exports = new Names('e');
  const shortWat = wat
    .replace(
      /^( *\(import "[^"]+" )"(__wb\w+_[0-9a-f]{16})"/gm,
      (_, start, name) => `${start}"${imports.short(name)}"`,
    )
    .replace(/^( *\(export )"(?!memory")([^"]+)"/gm, (_, start, name) => `${start}"${exports.short(name)}"`)
    .replace(MODULE, '"i"');
  const shortGlue = glue
    .replace(/\b__wb\w+_[0-9a-f]{16}\b/g, (name) => imports.known(name))
    .replace(/\bwasm\.(\w+)/g, (_, name) => `wasm.${exports.known(name)}`)
    .replace(MODULE, '"i"');
  return { wat: shortWat, glue: shortGlue };
}

/** Names that begin with one letter and are numbered. */
class Names {
  #letter;
  #short = new Map();

  constructor(letter) {
    this.#letter = letter;
  }

  /** The short name of `name`. */
  short(name) {
    if (!this.#short.has(name)) this.#short.set(name, `${this.#letter}${this.#short.size.toString(36)}`);
    return this.#short.get(name);
  }

  /** The short name of `name`, or `name` itself if it has none. */
  known(name) {
    return this.#short.get(name) ?? name;
  }
}

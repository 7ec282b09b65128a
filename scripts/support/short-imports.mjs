// Shortens the names by which the WebAssembly imports the functions of its glue.

/**
 * Gives every import a short name, which makes the download a tenth smaller: wasm-bindgen makes names like
 * `__wbg_addEventListener_5bb5bb2c5a3d1c23` unique by a hash, which no compression can shorten.
 *
 * @param {string} wat the WebAssembly in its text form
 * @param {string} glue the script that wasm-bindgen generated for it
 * @returns {{wat: string, glue: string}} both with the same new names
 */
export function shortenImports(wat, glue) {
  const short = new Map();
  const renamed = wat.replace(/^( *\(import "[^"]+" )"(__wb\w+_[0-9a-f]{16})"/gm, (_, start, name) => {
    if (!short.has(name)) short.set(name, `i${short.size.toString(36)}`);
    return `${start}"${short.get(name)}"`;
  });
  return { wat: renamed, glue: glue.replace(/\b__wb\w+_[0-9a-f]{16}\b/g, (name) => short.get(name) ?? name) };
}

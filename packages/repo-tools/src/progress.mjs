/** How much of a failing command's output is worth reading: the end says why. */
const tailLines = 60;

/**
 * Says what is being done while it is being done, one line a step: `install … 9.1 s`.
 *
 * @template T
 * @param {NodeJS.WriteStream} out
 * @param {string} title
 * @param {() => Promise<T>} work
 * @param {(result: T) => string} [note] what to add to the line
 * @returns {Promise<T>}
 */
export async function step(out, title, work, note = () => "") {
  out.write(`${title} … `);
  const stop = stopwatch();
  try {
    const result = await work();
    out.write(`${[stop(), note(result)].filter(Boolean).join(", ")}\n`);
    return result;
  } catch (error) {
    out.write(`${stop()}, failed\n`);
    throw error;
  }
}

/** @returns {() => string} the time since the call, like `9.1 s` */
export function stopwatch() {
  const start = performance.now();
  return () => `${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** @param {string} output */
export function tail(output) {
  const lines = output.trimEnd().split("\n");
  const shown = lines.slice(-tailLines).map((line) => `  ${line}`);
  const left = lines.length - shown.length;
  return `${left > 0 ? `  (${left} lines before)\n` : ""}${shown.join("\n")}\n`;
}

/** A step that failed for a reason the reader can act on: shown without a stack trace. */
export class StepError extends Error {
  /**
   * @param {string} message
   * @param {string} [output] what the failing command printed
   */
  constructor(message, output = "") {
    super(message);
    this.output = output;
  }

  /** @override */
  toString() {
    return `${this.output === "" ? "" : tail(this.output)}${this.message}\n`;
  }
}

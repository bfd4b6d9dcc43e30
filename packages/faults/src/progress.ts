/** Says on standard error what is going on: one line that is written over, or a line a change where nobody looks. */
export interface Progress {
  at(run: string, text: string): void;
  /** The run is over. */
  end(run: string): void;
}

export function terminalProgress(out: NodeJS.WriteStream = process.stderr): Progress {
  const started = performance.now();
  const current = new Map<string, string>();
  const time = (): string => `${((performance.now() - started) / 1000).toFixed(0).padStart(4)} s`;
  const show = (): void => {
    const all = [...current].map(([run, text]) => `${run}: ${text}`).join("  |  ");
    out.write(`\r\x1b[K${`${time()}  ${all}`.slice(0, (out.columns || 80) - 1)}`);
  };
  return {
    at(run, text) {
      current.set(run, text);
      if (out.isTTY) show();
      else out.write(`${time()}  ${run}  ${text}\n`);
    },
    end(run) {
      current.delete(run);
      if (out.isTTY) out.write("\r\x1b[K");
    },
  };
}

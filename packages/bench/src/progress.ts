/** Says on standard error what is going on: one line that is written over, or a line a case where nobody looks. */
export interface Progress {
  /** A case begins. */
  begin(what: string): void;
  /** How far the case is. Only shown on a terminal. */
  at(how: string): void;
  /** Something worth a line of its own. */
  note(text: string): void;
  end(): void;
}

export function terminalProgress(row: string, out: NodeJS.WriteStream = process.stderr): Progress {
  const started = performance.now();
  let current = "";
  const time = (): string => `${((performance.now() - started) / 1000).toFixed(0).padStart(3)} s`;
  const over = (text: string): void =>
    void (out.isTTY && out.write(`\r\x1b[K${text.slice(0, (out.columns || 80) - 1)}`));
  return {
    begin(what) {
      current = what;
      if (out.isTTY) over(`${time()}  ${row}  ${what}`);
      else out.write(`${time()}  ${row}  ${what}\n`);
    },
    at: (how) => over(`${time()}  ${row}  ${current}  ${how}`),
    note(text) {
      over("");
      out.write(`${time()}  ${row}  ${text}\n`);
    },
    end: () => over(""),
  };
}

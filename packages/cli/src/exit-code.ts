/** How the command ends. docs/guides/command-line.md has the table; a test holds the two together. */
export const exitCode = {
  /** Done. */
  ok: 0,
  /** Something is not well: doctor found what must change, or some letters did not come back. */
  unwell: 1,
  /** The command line or the configuration is wrong; nothing was done. */
  usage: 2,
  /** There is no such job, letter, type or queue. */
  notFound: 3,
  /** Redis, the directory or the database cannot be reached or used. */
  unavailable: 4,
  /** Somebody said no, or nobody could be asked. Nothing was done. */
  refused: 5,
  /** Stopped by Ctrl-C. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

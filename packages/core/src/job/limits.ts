/** How large a payload may be. Checked before anything is hashed, serialised or sent. */
export interface PayloadLimits {
  /** Bytes of canonical JSON. */
  readonly bytes: number;
  /** Levels of arrays and objects. */
  readonly depth: number;
  /** Values of all kinds in the whole payload. */
  readonly nodes: number;
  /** Fields of one object. */
  readonly keys: number;
}

export const defaultPayloadLimits: PayloadLimits = { bytes: 1_048_576, depth: 64, nodes: 100_000, keys: 1_000 };

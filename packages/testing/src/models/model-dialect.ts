/** What a text model's answer says, as far as the suite needs it. */
export interface DialectText {
  readonly text: string;
  /** `undefined`: it does not say that it is done. */
  readonly finish: "stop" | "length" | "blocked" | undefined;
}

export interface DialectVector {
  readonly index: number;
  readonly values: readonly number[];
}

export interface DialectError {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
}

/** What providers have words of their own for. */
export type DialectMeaning = "quotaSpent" | "tooLong" | "unknownModel" | "contentBlocked" | "busy" | "tooSmall";

/** How a provider speaks: the least the fault server has to know to pass for it. */
export interface ModelDialect {
  /** Body of an answer with vectors, in the order they are given. */
  readonly embeddings?: ((vectors: readonly DialectVector[]) => unknown) | undefined;
  /** Vectors carry the number of their text. */
  readonly hasIndexes?: boolean | undefined;
  /** Body of an answer with a text; usage is 5 tokens in, 3 out. */
  readonly text?: ((answer: DialectText) => unknown) | undefined;
  /** The frames of a stream, ready for the wire; with a finish, also what the provider ends its streams with. */
  readonly stream?: ((pieces: readonly string[], finish: DialectText["finish"]) => readonly string[]) | undefined;
  /** A frame that is an error. */
  readonly streamError?: ((error: DialectError) => string) | undefined;
  readonly streamType?: string | undefined;
  /** Body of an answer with pictures. */
  readonly images?: ((images: readonly Uint8Array[]) => unknown) | undefined;
  /** Body of an error. */
  readonly error: (error: DialectError) => unknown;
  /** The provider's own words for what the table of failures calls by its meaning; `undefined`: it has no such code. */
  readonly codes: { readonly [meaning in DialectMeaning]?: DialectError | undefined };
}

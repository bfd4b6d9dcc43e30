import { randomBytes } from "node:crypto";
import { OptionInvalidError, SemelError } from "@semel/core";
import { type Marking, Piece, type PromptPiece } from "./piece.ts";

/** An answer shown to the model as a pattern to follow. */
export interface ExampleParts {
  readonly input: string;
  readonly output: string;
}

export interface DocumentOptions {
  /** What it is, for the model: `"invoice"`. Letters, digits, blanks, `_` and `-`, at most 40. Default: `"document"`. */
  readonly label?: string | undefined;
  /** How it is kept apart from instructions, beyond its frame. Default: `"none"`. */
  readonly marking?: Marking | undefined;
}

/**
 * Whose texts these are. Everything that goes into a prompt is made by a scope and carries its tenant; a prompt that is built in
 * one scope takes nothing of another. An object, not a text, so that it cannot be mixed up with what a customer writes.
 */
export interface PromptScope {
  /** `undefined`: what is public, and may go into everybody's prompts. */
  readonly tenant: string | undefined;
  /**
   * Text that somebody else wrote: a customer's document, a web page, a mail, an earlier answer. It is put into a frame with a
   * random delimiter and cannot close it. Never goes into the system part.
   */
  document(text: string, options?: DocumentOptions): PromptPiece;
  /** An example of how to answer. Framed like a document. */
  example(example: ExampleParts): PromptPiece;
}

/**
 * The scope of one tenant. Take the tenant from the job (`context.tenant`) or from whoever was authenticated, never from a payload.
 * @throws `TENANT_INVALID`
 */
export function tenantScope(tenant: string): PromptScope {
  // As everywhere in Semel.
  if (typeof tenant !== "string" || !/^[^\p{Cc}]{1,256}$/u.test(tenant))
    throw new SemelError("TENANT_INVALID", "a tenant id is a text of 1 to 256 characters without control characters");
  return scopeOf(tenant);
}

/** What is nobody's in particular: examples you wrote yourself, a public handbook. */
export const publicScope: PromptScope = scopeOf(undefined);

function scopeOf(tenant: string | undefined): PromptScope {
  return {
    tenant,
    document(text, { label = "document", marking = "none" } = {}) {
      return Piece.foreign(tenant, checkedText("document", text), checkedLabel(label), marking);
    },
    example({ input, output }) {
      const text = `Input:\n${checkedText("example.input", input)}\n\nOutput:\n${checkedText("example.output", output)}`;
      return Piece.foreign(tenant, text, "example", "none");
    },
  };
}

function checkedText(option: string, text: string): string {
  if (typeof text !== "string") throw new OptionInvalidError(option, "a text", text);
  return text;
}

function checkedLabel(label: string): string {
  if (!/^[\w -]{1,40}$/.test(label))
    throw new OptionInvalidError("document.label", "1 to 40 letters, digits, blanks, _ or -", label);
  return label;
}

/** 128 bits, which nobody who wrote a document can have known. */
export const randomToken = (): string => randomBytes(16).toString("base64url");

/** What may be put between the letters of a secret and leave it readable. */
const filling = /[\s\p{P}\p{Cf}]+/gu;
const squeezed = (text: string): string => text.replace(filling, "");

/**
 * Whether a secret is in a text: as it is, with filling between its letters, reversed, or within base64. Linear in the text.
 * @param secret at least 8 characters besides filling; shorter ones would be found everywhere.
 */
export function appearances(secret: string): (text: string) => boolean {
  const plain = squeezed(secret);
  const wanted = new Set([plain, [...plain].reverse().join(""), ...encodings(secret)]);
  return (text) => {
    const bare = squeezed(text);
    return [...wanted].some((form) => bare.includes(form));
  };
}

/**
 * Base64 of a text begins at one of three places in a group of bytes, depending on what stands before it. Of each the part
 * is kept that depends on nothing else.
 */
function encodings(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, "utf8");
  return [0, 1, 2].map((shift) => {
    const shifted = Buffer.concat([Buffer.alloc(shift), bytes]);
    const from = Math.ceil((shift * 8) / 6);
    const to = Math.floor((shifted.length * 8) / 6);
    return squeezed(shifted.toString("base64").slice(from, to));
  });
}

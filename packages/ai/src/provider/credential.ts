import { randomUUID } from "node:crypto";

const words = { ofKeys: new Map<string, string>(), ofClients: new WeakMap<object, string>() };

/** `Model.credential`: a random word for each key, and for each client of the user's without one that is known. */
export function credentialWord(client: object, apiKey: string | undefined): string {
  const word = (apiKey ? words.ofKeys.get(apiKey) : words.ofClients.get(client)) ?? randomUUID();
  if (apiKey) words.ofKeys.set(apiKey, word);
  else words.ofClients.set(client, word);
  return word;
}

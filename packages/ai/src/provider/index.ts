// What a provider's adapter is written with; `docs/writing-a-provider.md` walks through it.
export {};

/**
 * Makes something once, for all who ask. What failed to be made is tried anew by the next who asks, and so is what is
 * `gone` by then.
 */
export function remembered<T>(make: () => Promise<T>, isGone: (made: T) => boolean = () => false): () => Promise<T> {
  let making: Promise<T> | undefined;
  return async function get(): Promise<T> {
    making ??= make();
    const mine = making;
    const made = await mine.catch((error: unknown) => {
      if (making === mine) making = undefined;
      throw error;
    });
    if (!isGone(made)) return made;
    if (making === mine) making = undefined;
    return await get();
  };
}

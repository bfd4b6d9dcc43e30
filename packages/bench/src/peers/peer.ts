/** Where one measurement takes place: nobody else has been there before. */
export interface Place {
  /** Of the Redis. */
  readonly url: string;
  /** Unique; nine characters. A queue, a namespace or a prefix. */
  readonly name: string;
}

/** What is to be worked off. */
export interface Load {
  readonly jobs: number;
  readonly concurrency: number;
  /** How long a job takes, waiting. 0: nothing at all. */
  readonly workMs: number;
}

/**
 * Enqueues the jobs, and answers the milliseconds from the start of the worker until the last job is done and the queue
 * has been told. The same process enqueues and works. Everything is closed when it resolves.
 */
export type Drain = (place: Place, load: Load) => Promise<number>;

/** Somebody who enqueues. */
export interface Producer extends AsyncDisposable {
  /** Resolves when the job is safe. Every index is used once. */
  add(index: number): Promise<void>;
  /** Many at once, by the means meant for it. */
  addMany(from: number, count: number): Promise<void>;
}

export type OpenProducer = (place: Place) => Promise<Producer>;

/** How many jobs a call carries where jobs are enqueued in bulk, and how many such calls are under way. */
const bulk = { size: 500, calls: 4 } as const;

/**
 * Adds the jobs from index 0 on, in bulk; answers how many they became.
 *
 * @param more asked before each call, with how many there are by then; `false` ends it early.
 */
export async function fill(
  producer: Producer,
  jobs: number,
  more: (added: number) => boolean = () => true,
): Promise<number> {
  let next = 0;
  const line = async (): Promise<void> => {
    while (next < jobs && more(next)) {
      const first = next;
      next = Math.min(jobs, next + bulk.size);
      await producer.addMany(first, next - first);
    }
  };
  await Promise.all(Array.from({ length: bulk.calls }, line));
  return next;
}

/** For those who parse no URLs. */
export function address({ url }: Place): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}

/** The parts that tell one chunk from all others: the job's correlation. */
export interface ChunkIdentity {
  readonly documentId: string;
  readonly index: number;
  readonly hash: string;
}

/** Folder hashes have no `@`; paths may. */
export const documentId = (folderHash: string, path: string): string => `${folderHash}@${path}`;

export const pathOf = (id: string): string => id.slice(id.indexOf("@") + 1);

/** What ledger and index call a chunk. */
export const chunkName = ({ documentId, index, hash }: ChunkIdentity): string => `${documentId} #${index} ${hash}`;

/** What people call it. */
export function chunkLabel(name: string): string {
  const [, path, index] = /^[^@]*@(.*) #(\d+) [\w-]+$/s.exec(name) ?? [];
  return path === undefined ? name : `${path} #${Number(index) + 1}`;
}

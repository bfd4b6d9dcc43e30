import type { Row } from "./row.ts";
import { backlogRow } from "./rows/backlog.ts";
import { batchingRow } from "./rows/batching.ts";
import { enqueueRow } from "./rows/enqueue.ts";
import { importRow } from "./rows/import.ts";
import { memoryRow } from "./rows/memory.ts";
import { processRow } from "./rows/process.ts";
import { soakRow } from "./rows/soak.ts";

/** Every claim, in the order in which they are measured: the quick ones first. */
export const rows: readonly Row[] = [importRow, memoryRow, batchingRow, enqueueRow, processRow, backlogRow, soakRow];

// Wants the lock of a directory again and again, and says so if anybody else had it at the same time.
import { closeSync, openSync, rmSync } from "node:fs";
import { join } from "node:path";
import { lockDirectory } from "../../src/directory-lock.ts";

const [directory = "", times = "", keep = ""] = process.argv.slice(2);
const critical = join(directory, "in-use");
for (let time = 0; time < Number(times); time++) {
  const lock = await lockDirectory(directory, 60_000);
  // The file can be created by one process at a time only: a second one here is a broken promise.
  try {
    closeSync(openSync(critical, "wx"));
  } catch {
    console.log("BOTH");
    process.exit(1);
  }
  await new Promise((resolve) => setTimeout(resolve, 5));
  if (keep) {
    rmSync(critical);
    console.log("kept");
    setInterval(() => undefined, 1_000);
    await new Promise(() => undefined);
  }
  rmSync(critical);
  lock.release();
}
console.log("done");

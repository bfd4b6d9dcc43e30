// Locks a directory and leaves without letting go of it.
import { lockDirectory } from "../../src/directory-lock.ts";

await lockDirectory(process.argv[2] ?? "", 1_000);
console.log("locked");
process.exit(0);

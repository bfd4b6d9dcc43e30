import { fileURLToPath } from "node:url";

/** For `node --import`: processes that tests start run sources, as the tests do, and need no build. */
export const sourceLoader = fileURLToPath(new URL("sources.mjs", import.meta.url));

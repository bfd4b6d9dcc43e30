import { expect, test } from "vitest";
import { isRefusal } from "../src/redis/refusal.ts";

test.each([
  "OOM command not allowed when used memory > 'maxmemory'. script: 3f, on @user_script:26.",
  "ERR Error running script (call to f_3f): @user_script:26: @user_script: 26: -OOM command not allowed when used memory > 'maxmemory'.",
  "READONLY You can't write against a read only replica.",
  "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
  "ERR The user executing the script can't run this command or subcommand script: 5a, on @user_script:582.",
  "NOPERM this user has no permissions to run the 'evalsha' command",
  "LOADING Redis is loading the dataset in memory",
  "CLUSTERDOWN The cluster is down",
  "Stream isn't writeable and enableOfflineQueue options is false",
  "Cluster isn't ready and enableOfflineQueue options is false",
])("certainly not done: %s", (message) => {
  expect(isRefusal(new Error(message))).toBe(true);
});

test.each([
  "Connection is closed.",
  'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
  "read ECONNRESET",
  "ERR Error running script (call to f_3f): @user_script:26: attempt to index a nil value",
  "Command timed out",
  "somebody says OOM",
])("unclear: %s", (message) => {
  expect(isRefusal(new Error(message))).toBe(false);
  expect(isRefusal(message)).toBe(false);
  expect(isRefusal(undefined)).toBe(false);
});

// The application keeps its BullMQ 5; the adapter has a newer one of its own.
const assert = require("node:assert/strict");
const { createRequire } = require("node:module");
const major = (from) => Number.parseInt(createRequire(from)("bullmq/package.json").version, 10);
assert.equal(major(__filename), 5);
assert.equal(major(require.resolve("@nestjs/bullmq")), 5);
assert.equal(major(require.resolve("@semel/queue-bullmq")), 6);
console.log("each has its own");

// Loaded with `--import`: everything in this process believes that it is an hour later.
const { now } = Date;
Date.now = () => now() + 3_600_000;

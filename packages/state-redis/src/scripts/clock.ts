/** The server's clock, asked once, in whole milliseconds. */
export const clock: string = /* lua */ `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

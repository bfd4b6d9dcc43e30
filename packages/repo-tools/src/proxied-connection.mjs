/** @typedef {import("node:net").Socket} Socket */
/** @typedef {"request" | "answer"} Direction  from the client to the server, or back. */

/**
 * Says what becomes of a chunk: it passes, is lost, or the connection is reset in its place. TCP never leaves bytes out:
 * after a loss, everything further in that direction of that connection is lost too, until it is reset.
 *
 * A chunk is what one read gave: a message may come in several, and several may come in one.
 *
 * @callback Judge
 * @param {Buffer} chunk
 * @param {Direction} direction
 * @param {number} connection counted from 1
 * @returns {"pass" | "drop" | "cut"}
 */

/**
 * @typedef {object} ConnectionRules
 * @property {() => boolean} isSwallowing
 * @property {Judge} judge
 * @property {() => void} closed is called once
 */

/** Two sockets, and what passes between them. */
export class ProxiedConnection {
  #id;
  #client;
  #server;
  #rules;
  /** The directions in which something did not get through. @type {Set<Direction>} */
  #lost = new Set();
  /** The directions in which nothing more will come. @type {Set<Direction>} */
  #over = new Set();
  #isClosed = false;

  /**
   * @param {number} id
   * @param {Socket} client
   * @param {Socket} server may still be connecting
   * @param {ConnectionRules} rules
   */
  constructor(id, client, server, rules) {
    this.#id = id;
    this.#client = client;
    this.#server = server;
    this.#rules = rules;
    this.#forward(client, server, "request");
    this.#forward(server, client, "answer");
  }

  /** Whether bytes, or the end of one side, have not been passed on. */
  hasLost() {
    return this.#lost.size > 0;
  }

  /** Resets both sides. What was not sent yet is lost. */
  reset() {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const socket of [this.#client, this.#server]) {
      // Without a connection there is nothing to reset.
      if (socket.connecting) socket.destroy();
      else socket.resetAndDestroy();
    }
    this.#rules.closed();
  }

  /**
   * @param {Socket} from
   * @param {Socket} to
   * @param {Direction} direction
   */
  #forward(from, to, direction) {
    from.on("data", (chunk) => {
      if (this.#isClosed) return;
      const verdict = this.#verdict(chunk, direction);
      if (verdict === "cut") this.reset();
      else if (verdict === "drop") this.#lost.add(direction);
      else if (!to.write(chunk)) from.pause();
    });
    to.on("drain", () => from.resume());
    // Where nothing gets through, the other side does not learn that this one is gone.
    from.on("end", () => {
      if (this.#isStuck(direction)) this.#lost.add(direction);
      else to.end();
      this.#endOf(direction);
    });
    from.on("error", () => {
      if (this.#isStuck(direction)) this.#lost.add(direction);
      else this.reset();
      this.#endOf(direction);
    });
    from.on("close", () => {
      if (this.#isClosed || !to.destroyed) return;
      this.#isClosed = true;
      this.#rules.closed();
    });
  }

  /**
   * @param {Buffer} chunk
   * @param {Direction} direction
   */
  #verdict(chunk, direction) {
    return this.#isStuck(direction) ? "drop" : this.#rules.judge(chunk, direction, this.#id);
  }

  /** @param {Direction} direction */
  #endOf(direction) {
    this.#over.add(direction);
    // Both have gone without hearing of each other: nobody is left to notice what becomes of it.
    if (this.#over.size === 2 && this.hasLost()) this.reset();
  }

  /** @param {Direction} direction */
  #isStuck(direction) {
    return this.#rules.isSwallowing() || this.#lost.has(direction);
  }
}

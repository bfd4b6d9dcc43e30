import type { DialectError, ModelDialect } from "./model-dialect.ts";
import type { FaultyWay } from "./model-faults.ts";
import { hang, type Reply, raw, resetBeforeHeaders, resetInside, status, trickle } from "./model-server.ts";

/** The fault as the server plays it, in a provider's words; `undefined`: it has none for it, or a server that answers cannot play it. */
export function faultReply(way: FaultyWay, dialect: ModelDialect): Reply | undefined {
  const error = (is: DialectError, headers?: Readonly<Record<string, string>>): Reply =>
    status(is.status, dialect.error(is), headers);
  switch (way.is) {
    case "status": {
      if (way.means) {
        const own = dialect.codes[way.means];
        return own && error(own, way.headers);
      }
      return error({ status: way.status, code: undefined, message: `status ${way.status}` }, way.headers);
    }
    case "body":
      return raw(way.text, way.type);
    case "error-under-200":
      return status(200, dialect.error({ status: 500, code: undefined, message: "the model fell over" }));
    case "reset":
      return way.after === "" ? resetBeforeHeaders : resetInside(way.after);
    case "silence":
      return way.after === "" ? hang : trickle(way.after);
    case "no-connection":
      return undefined;
  }
}

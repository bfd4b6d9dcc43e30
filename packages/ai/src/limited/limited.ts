import type { EmbeddingModel, ImageModel, ModelCall, TextModel, TextPart, TextRequest } from "@semel/core";
import type { BreakerOptions } from "../breaker/options.ts";
import type { Gate } from "../gate/gate.ts";
import type { GateOptions } from "../gate/local-gate.ts";
import { checkedCall } from "../provider/checked-call.ts";
import { admit } from "./guarded-call.ts";
import { credentialOf, processTraffic, type Traffic } from "./traffic.ts";

export interface LimitedOptions {
  /** `false`: none. */
  readonly breaker?: BreakerOptions | false | undefined;
  /** How the gate of this process is, or a gate of another kind. `false`: none. */
  readonly gate?: GateOptions | Gate | false | undefined;
  /** A name for the model's credential, never the credential. Default: the model's own word for it, else `"default"`. */
  readonly credential?: string | undefined;
  /** With whom it shares what it learns. Default: all of this process. */
  readonly traffic?: Traffic | undefined;
}

/**
 * The same model behind a breaker and a gate. A call that cannot succeed now is refused at once instead of being sent: it
 * throws a {@link ModelError} that defers its job until it can. No attempt is burned and no slot is held.
 *
 * @example
 * const model = limited(openai.embedding("text-embedding-3-small"), { gate: { maxInFlight: 20 } });
 * @throws `OPTION_INVALID`
 */
export function limited<M extends EmbeddingModel | TextModel | ImageModel>(model: M, options: LimitedOptions = {}): M {
  const { breaker = {}, gate = {}, credential = credentialOf(model), traffic = processTraffic() } = options;
  const guards = traffic.guards(model, credential, breaker, gate);
  const run = async <T>(call: ModelCall = {}, send: (call: ModelCall) => Promise<T>): Promise<T> => {
    const admitted = await admit(model, guards, checkedCall(call));
    try {
      const answer = await send(admitted.call);
      admitted.answered();
      return answer;
    } catch (thrown) {
      admitted.failed(thrown);
      throw thrown;
    }
  };
  const stream = async function* (
    inner: TextModel,
    request: TextRequest,
    call: ModelCall = {},
  ): AsyncGenerator<TextPart> {
    const admitted = await admit(model, guards, checkedCall(call));
    try {
      for await (const part of inner.stream(request, admitted.call)) {
        if (part.is === "end") admitted.answered();
        yield part;
      }
    } catch (thrown) {
      admitted.failed(thrown);
      throw thrown;
    } finally {
      // Whoever stops iterating says nothing about the model; after an end this does nothing.
      admitted.dropped();
    }
  };
  const kind: EmbeddingModel | TextModel | ImageModel = model;
  switch (kind["~semel"]) {
    case "embedding-model/1":
      return wrapped(model, {
        embed: (request, call) => run(call, (inside) => kind.embed(request, inside)),
      } satisfies Partial<EmbeddingModel>);
    case "image-model/1":
      return wrapped(model, {
        generate: (request, call) => run(call, (inside) => kind.generate(request, inside)),
      } satisfies Partial<ImageModel>);
    case "text-model/1":
      return wrapped(model, {
        generate: (request, call) => run(call, (inside) => kind.generate(request, inside)),
        object: (request, call) => run(call, (inside) => kind.object(request, inside)),
        stream: (request, call) => stream(kind, request, call),
      } satisfies Partial<TextModel>);
  }
}

/** The model with other verbs. What it has beside the port, and may need itself for, works as before. */
function wrapped<M extends object>(model: M, verbs: object): M {
  return new Proxy(model, {
    get(target, name) {
      if (Object.hasOwn(verbs, name)) return Reflect.get(verbs, name);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

import { LocalError } from "../protocol/errors.ts";
import type { Message, MessageType } from "../protocol/messages.ts";
import type { Peer } from "../peer/peer.ts";
import type { Service } from "../services/service.ts";

type Handler = (peer: Peer, message: Message) => void;

/** The types that some service has a use for. */
export function handledTypes(services: readonly Service[]): readonly MessageType[] {
  return services.flatMap((service) => Object.keys(service.handles) as MessageType[]);
}

/** One map from message type to handler, built at the start. Throws LocalError if two services claim a type. */
export function buildDispatch(services: readonly Service[]): (peer: Peer, message: Message) => void {
  const handlers = new Map<MessageType, { readonly service: string; readonly handle: Handler }>();
  for (const service of services) {
    for (const [type, handle] of Object.entries(service.handles) as [MessageType, Handler][]) {
      const other = handlers.get(type);
      if (other) {
        const text = `Cannot build the dispatch: ${type} is claimed twice: by ${other.service} and ${service.name}`;
        throw new LocalError("bad-argument", text);
      }
      handlers.set(type, { service: service.name, handle });
    }
  }
  // A type that nobody claims is tolerated: it was counted when it arrived.
  return (peer, message) => handlers.get(message.type)?.handle(peer, message);
}

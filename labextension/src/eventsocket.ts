/**
 * The socket over which Lab hears events. Lab's event manager opens it anew by itself, and tells
 * nobody of it: what is used here is private, and where it is another one, nothing is told.
 */
import type { Event } from '@jupyterlab/services';

export interface Told {
  /** It has closed, or was refused since. */
  closed: () => void;
  /** It is open again. */
  opened: () => void;
}

interface Inner {
  _socket?: WebSocket | null;
  _subscribe?: () => Promise<void>;
}

/** Returns what ends the watching. */
export function watchSocket(events: Event.IManager, told: Told): () => void {
  const inner = events as unknown as Inner;
  const subscribe = inner._subscribe;
  let [wasOpen, watching] = [false, true];
  const watch = (socket: WebSocket | null | undefined) => {
    wasOpen ||= socket?.readyState === 1;
    socket?.addEventListener('open', () => {
      if (watching && wasOpen) {
        told.opened();
      }
      wasOpen = true;
    });
    socket?.addEventListener('close', () => {
      // One that never opened, as behind a proxy that knows no sockets, says nothing of the server.
      if (watching && wasOpen) {
        told.closed();
      }
    });
  };
  watch(inner._socket);
  if (subscribe !== undefined) {
    inner._subscribe = () => {
      const subscribed = subscribe.call(events);
      watch(inner._socket);
      return subscribed;
    };
  }
  return () => {
    watching = false;
  };
}

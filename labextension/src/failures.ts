/** Failures that last. */
import type { Status } from './protocol';

/** What may pass by itself: it is told once another try has failed as well. */
export class Failures {
  private first: string | null = null;

  /** Whether the status tells of nothing that was not so at the try before. */
  last(status: Status): boolean {
    if (status.state !== 'failed') {
      this.first = null;
      return true;
    }
    this.first ??= status.retry_at ?? '';
    return status.retry_at !== this.first;
  }
}
